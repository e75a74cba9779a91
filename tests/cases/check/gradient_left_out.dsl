# a declared gradient for one of two inputs
data { input x: [4]; target y: class(3) }
layer both(x, z) { gradient x = grad;  x + z }
net { h = x | dense(4); both(h, x) | dense(outputs) }
loss cross_entropy
train { adam }
