# a layer without its input in a sum
data { input x: [4]; target y: class(3) }
net { x + dense(4) | dense(outputs) }
loss cross_entropy
train { adam }
