# a typo in the loss
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cros_entropy
train { adam }
