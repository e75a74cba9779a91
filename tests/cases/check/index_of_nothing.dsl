data { input x: [4]; target y: class(3) }
layer odd(x: [n]) { z[i: 3] = 2;  x | dense(4) }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
