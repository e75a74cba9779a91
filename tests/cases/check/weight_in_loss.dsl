# a weight in a loss
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss mine(prediction, target: class(3)) { weight a: [1] = 0;  cross_entropy(prediction, target) + sum(a) }
loss mine
train { adam }
