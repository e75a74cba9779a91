# an argument by place and by name
data { input x: [4]; target y: class(3) }
net { x | dense(8, units = 9) | dense(outputs) }
loss cross_entropy
train { adam }
