# binary_cross_entropy on three classes
data { input x: [4]; target y: class(3) }
net { x | dense(1) }
loss binary_cross_entropy
train { adam }
