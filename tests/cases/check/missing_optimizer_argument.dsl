# an optimizer of one's own needs its rate
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
optimizer plain(rate) { weight <- weight - rate * grad }
train { plain }
