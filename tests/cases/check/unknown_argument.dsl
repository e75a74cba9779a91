# a typo in an argument's name
data { input x: [4]; target y: class(3) }
net { x | dense(8, bais = false) | dense(outputs) }
loss cross_entropy
train { adam }
