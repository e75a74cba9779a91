# a width beyond every limit
data { input x: [4]; target y: class(3) }
net { x | dense(4_611_686_018_427_387_904) | dense(outputs) }
loss cross_entropy
train { adam }
