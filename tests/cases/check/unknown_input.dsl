# the net reads what the data does not have
data { input x: [4]; target y: class(3) }
net { images | dense(outputs) }
loss cross_entropy
train { adam }
