# one index along axes of 4 and 3
data { input x: [4, 3]; target y: class(3) }
layer diagonal(x: [n, m]) { z[i] = x[i, i];  z }
net { x | diagonal | dense(outputs) }
loss cross_entropy
train { adam }
