# a definition under a name of the library
data { input x: [4]; target y: class(3) }
activation relu(x) = max(x, 0)
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam }
