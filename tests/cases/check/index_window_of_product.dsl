data { input x: [4, 4]; target y: class(3) }
layer odd(x: [n, m]) { z[i: 2] = max(x[2 * i + u, 0] * x[0, i] over u: 2);  z }
net { x | odd | flatten | dense(outputs) }
loss cross_entropy
train { adam }
