# `over` where nothing is reduced
data { input x: [4]; target y: class(3) }
activation odd(x: [.., c]) = exp(x over c)
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
