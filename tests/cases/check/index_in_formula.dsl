# a sum of reads is no product of them
data { input x: [4, 3]; target y: class(3) }
layer odd(x: [n, m]) { z[i] = sum(x[i, j] + 1 over j);  z }
net { x | odd | dense(outputs) }
loss cross_entropy
train { adam }
