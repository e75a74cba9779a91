# so far away that no machine counts there
data { input x: [4]; target y: class(3) }
layer far(x: [n]) { z[i: n] = x[i * 2_000_000_000 * 2_000_000_000] or 0;  z }
net { x | far | dense(outputs) }
loss cross_entropy
train { adam }
