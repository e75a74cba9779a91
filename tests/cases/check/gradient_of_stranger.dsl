# a gradient for what the definition does not take
data { input x: [4]; target y: class(3) }
activation bent(x) { gradient z = grad;  x }
net { x | dense(4) | bent | dense(outputs) }
loss cross_entropy
train { adam }
