# a weight that does not meet its input
data { input x: [4]; target y: class(3) }
layer own(x, units) { weight w: [5, units] = glorot_uniform;  x @ w }
net { x | own(outputs) }
loss cross_entropy
train { adam }
