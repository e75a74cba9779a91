data { input x: [4]; target y: class(3) }
layer odd(x: [n]) { z[i: 100_000, j: 100_000] = x[0] * x[0];  flatten(z) }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
