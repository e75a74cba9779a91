# images without flatten reach the loss
data { input x: [8, 8, 1]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam }
