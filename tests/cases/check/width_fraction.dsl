# half a unit
data { input x: [4]; target y: class(3) }
net { x | dense(2.5) | dense(outputs) }
loss cross_entropy
train { adam }
