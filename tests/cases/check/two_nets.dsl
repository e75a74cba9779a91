# two nets
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
net { x | dense(outputs) }
loss cross_entropy
train { adam }
