# no net
data { input x: [4]; target y: class(3) }
loss cross_entropy
train { adam }
