data { input x: [4, 3]; target y: class(3) }
layer odd(x: [n, m]) { z[i, i] = x[i, i];  z }
net { x | odd | flatten | dense(outputs) }
loss cross_entropy
train { adam }
