# a name bound twice
data { input x: [4]; target y: class(3) }
net { h = x | dense(8); h = h | relu; h | dense(outputs) }
loss cross_entropy
train { adam }
