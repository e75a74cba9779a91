# nothing counts the places of a window
data { input x: [4]; target y: class(3) }
layer pooled(x: [n]) { z[i: 2] = max(x[2 * i + u] or -inf over u);  z }
net { x | pooled | dense(outputs) }
loss cross_entropy
train { adam }
