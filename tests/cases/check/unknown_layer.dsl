# a typo in a layer's name
data { input x: [4]; target y: class(3) }
net { x | dens(8) | relu | dense(outputs) }
loss cross_entropy
train { adam }
