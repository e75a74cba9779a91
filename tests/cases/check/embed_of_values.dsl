data { input x: [3]; target y: class(2) }
net { x | embed(4) | flatten | dense(outputs) }
loss cross_entropy
train { adam }
