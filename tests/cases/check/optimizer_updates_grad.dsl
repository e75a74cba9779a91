# an optimizer that updates what is not its own
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
optimizer odd(rate = 0.1) { grad <- 0; weight <- weight - rate * grad }
train { odd }
