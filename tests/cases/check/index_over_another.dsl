data { input x: [4, 4]; target y: class(3) }
layer odd(x: [n, m]) { z[i] = norm(x[i, j] over j);  z }
net { x | odd | flatten | dense(outputs) }
loss cross_entropy
train { adam }
