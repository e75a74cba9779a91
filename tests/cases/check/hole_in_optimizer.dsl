# an optimizer that ends in a value
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
optimizer odd(rate = 0.1) { weight <- weight - rate * grad;  weight }
train { odd }
