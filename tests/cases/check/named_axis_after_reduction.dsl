# a bound name that the value lost
data { input x: [4]; target y: class(3) }
activation odd(x: [.., c]) = sum(sum(x over c) over c)
net { x | dense(4) | odd | dense(outputs) }
loss cross_entropy
train { adam }
