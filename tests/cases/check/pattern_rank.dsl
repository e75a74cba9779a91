# an image into a layer of vectors
data { input x: [2, 2, 1]; target y: class(3) }
layer own(x: [k], units) { weight w: [k, units] = zeros;  x @ w }
net { x | own(outputs) }
loss cross_entropy
train { adam }
