# a let twice
data { input x: [4]; target y: class(3) }
let width = 8
let width = 9
net { x | dense(width) | dense(outputs) }
loss cross_entropy
train { adam }
