# cross_entropy on values
data { input x: [4]; target y: [] }
net { x | dense(3) }
loss cross_entropy
train { adam }
