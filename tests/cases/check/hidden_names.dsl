# a let, an input, a binding and the target under one name each
let x = 3
let h = 0.1
data { input x: [4]; target y: [] }
net { h = x | dense(8); y = h | relu; y | dense(outputs) }
loss huber + 0 * mean(y)
train { adam(h) }
