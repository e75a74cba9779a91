# A dense net: bias and relu are one loop behind each product, and Adam's moments and update three loops for each weight.
let rate = 1e-3
data { input x: [784]; target y: class(10) }
net { x | dense(256) | relu | dense(128) | relu | dense(outputs) }
loss cross_entropy
train { adam(rate); batch 64 }
