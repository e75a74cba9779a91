# a factor that is no number has its indices
data { input x: [4, 4]; target y: class(3) }
layer odd(x: [n, m]) { z[i] = x[i, 0] * x;  z }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
