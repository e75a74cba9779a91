# a typo in an activation's name
data { input x: [4]; target y: class(3) }
net { x | dense(8) | rellu | dense(outputs) }
loss cross_entropy
train { adam }
