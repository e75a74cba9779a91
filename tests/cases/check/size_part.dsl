# a part that a size does not have
data { input x: [4]; target y: class(3) }
layer own(x, size = 3x3) { weight w: [size[2]] = zeros;  sum(x) * w }
net { x | own | dense(outputs) }
loss cross_entropy
train { adam }
