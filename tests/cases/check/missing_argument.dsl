# dense without its width
data { input x: [4]; target y: class(3) }
net { x | dense | relu | dense(outputs) }
loss cross_entropy
train { adam }
