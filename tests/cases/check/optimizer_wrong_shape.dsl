# an update of another shape
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
optimizer odd(rate = 0.1) { state s: [7] = 0; s <- s + 1; weight <- weight - rate * s }
train { odd }
