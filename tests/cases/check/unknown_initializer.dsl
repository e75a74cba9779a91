# a typo in an initializer
data { input x: [4]; target y: class(3) }
layer own(x: [k], units) { weight w: [k, units] = glorot_unifrom;  x @ w }
net { x | own(outputs) }
loss cross_entropy
train { adam }
