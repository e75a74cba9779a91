# one argument too many
data { input x: [4]; target y: class(3) }
net { x | dense(8, true, 3) | dense(outputs) }
loss cross_entropy
train { adam }
