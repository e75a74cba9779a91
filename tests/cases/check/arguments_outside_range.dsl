# numbers that a definition does not take
let drop = 20
data { input x: [4]; target y: [] }
layer scaled(x, by: positive, often: count = 1) = x * by / often
net { x | dense(2.5, bias = 1) | dropout(drop) | scaled(0, often = 1.5) | dense(outputs) }
loss huber(delta = -1)
train { adam(-1e-3, beta1 = 1) }
