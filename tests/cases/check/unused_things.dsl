# what nothing uses
let width = 8
let depth = 3
data { input x: [4]; input amount: [1]; target y: class(3); carry amount }
activation bent(x) { y = 2 * x;  x }
layer other(x) = x
net { h = x | dense(width); g = h | bent; h | dense(outputs) }
loss cross_entropy
train { adam }
