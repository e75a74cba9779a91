# an extent that the pattern fixes
data { input x: [4]; target y: class(3) }
layer own(x: [5], units) { weight w: [5, units] = zeros;  x @ w }
net { x | own(outputs) }
loss cross_entropy
train { adam }
