# an optimizer where a layer is wanted
data { input x: [4]; target y: class(3) }
net { x | adam | dense(outputs) }
loss cross_entropy
train { adam }
