# the link applied twice
data { input x: [4]; target y: class(2) }
net { x | dense(outputs) | sigmoid }
loss binary_cross_entropy
train { adam }
