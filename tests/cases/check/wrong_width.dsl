# a width that is not the number of classes
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(4) }
loss cross_entropy
train { adam }
