# the link applied twice
data { input x: [4]; target y: class(3) }
net { x | dense(outputs) | softmax }
loss cross_entropy
train { adam }
