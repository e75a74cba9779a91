# layers without an input
data { input x: [4]; target y: class(3) }
net { dense(8) | dense(outputs) }
loss cross_entropy
train { adam }
