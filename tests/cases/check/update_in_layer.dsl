# an update in a layer
data { input x: [4]; target y: class(3) }
layer own(x) { x <- 3;  x }
net { x | own | dense(outputs) }
loss cross_entropy
train { adam }
