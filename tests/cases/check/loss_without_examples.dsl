# a loss of weights only
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss l2(weights)
train { adam }
