# a layer of width 0
data { input x: [4]; target y: class(3) }
net { x | dense(0) | dense(outputs) }
loss cross_entropy
train { adam }
