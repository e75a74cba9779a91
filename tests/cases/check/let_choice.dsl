# a let that is not one of its choices
let act = gelu in [relu, tanh]
data { input x: [4]; target y: class(3) }
net { x | dense(8) | act | dense(outputs) }
loss cross_entropy
train { adam }
