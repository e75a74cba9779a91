# a binding under an input's name
data { input x: [4]; target y: class(3) }
net { x = 3; x | dense(outputs) }
loss cross_entropy
train { adam }
