data { input x: [4]; target y: class(3) }
layer odd(x: [n]) { z[i + 1] = x[i];  z }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
