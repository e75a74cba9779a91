# two layers are called `dense`
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { sgd(0.1) on dense }
