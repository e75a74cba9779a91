# an index of what is defined has one value at each of its places
data { input x: [4, 4]; target y: class(3) }
layer odd(x: [n, m]) { z[i] = sum(x[i, i] over i);  z }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
