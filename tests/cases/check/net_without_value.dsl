# the net ends in a binding
data { input x: [4]; target y: class(3) }
net { h = x | dense(outputs) }
loss cross_entropy
train { adam }
