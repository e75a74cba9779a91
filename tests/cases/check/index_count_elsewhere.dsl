data { input x: [4, 4]; target y: class(3) }
layer odd(x: [n, m]) { sum(x over m: 4) }
net { x | odd | flatten | dense(outputs) }
loss cross_entropy
train { adam }
