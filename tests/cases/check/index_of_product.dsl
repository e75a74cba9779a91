# an index is a sum of whole numbers times indices
data { input x: [4]; target y: class(3) }
layer odd(x: [n]) { z[i] = x[i * i];  z }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
