# a step between layers
data { input x: [4]; target y: class(3) }
net { x | dense(8) | step | dense(outputs) | step }
loss cross_entropy
train { adam }
