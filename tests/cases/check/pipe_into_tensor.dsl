# a pipe into a value
data { input x: [4]; target y: class(3) }
net { h = x | dense(4); x | h | dense(outputs) }
loss cross_entropy
train { adam }
