# a weight that the loss does not reach
data { input x: [4]; target y: class(3) }
layer own(x: [k], units) { weight w: [k, units] = zeros;  stop_gradient(x) + 0 * sum(w) }
layer lost(x: [k]) { weight w: [k] = zeros;  c = x * w;  x + count(c) }
net { x | lost | own(2) | dense(outputs) }
loss cross_entropy
train { adam }
