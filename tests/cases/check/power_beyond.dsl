# a number beyond every limit
data { input x: [4]; target y: class(3) }
net { x | dense(10^10^10) | dense(outputs) }
loss cross_entropy
train { adam }
