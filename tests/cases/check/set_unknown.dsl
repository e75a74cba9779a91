# --set widht=16
let width = 8 in 4..64
let act = relu in [relu, tanh]
let plain = true
data { input x: [4]; target y: class(3) }
net { x | dense(width, bias = plain) | act | dense(outputs) }
loss cross_entropy
train { adam }
