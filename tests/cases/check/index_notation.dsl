# index notation
data { input x: [4]; target y: class(3) }
layer turned(x: [k]) { y[i] = x[i];  y }
net { x | turned | dense(outputs) }
loss cross_entropy
train { adam }
