# a layer that looks at the batch
data { input x: [4]; target y: class(3) }
layer normed(x) = x - mean(x over batch)
net { x | normed | dense(outputs) }
loss cross_entropy
train { adam }
