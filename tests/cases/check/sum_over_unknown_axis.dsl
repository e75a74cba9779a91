# a reduction over no axis
data { input x: [4]; target y: class(3) }
activation centered(x: [.., c]) = x - mean(x over d)
net { x | centered | dense(outputs) }
loss cross_entropy
train { adam }
