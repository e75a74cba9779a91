# an optimizer that never updates the weight
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
optimizer idle(rate = 0.1) { state v = 0; v <- rate * grad }
train { idle }
