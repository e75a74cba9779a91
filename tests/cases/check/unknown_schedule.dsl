# a typo in a schedule
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { sgd(cosin(0.1, 0.01)) }
