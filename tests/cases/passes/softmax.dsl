# Pins: the backward of softmax with cross-entropy is one map, whose result feeds two sums.
let rate = 0.1 in 0.01..1 log
data { input x: [6]; target y: class(3) }
net { x | dense(outputs) }
loss cross_entropy
train { sgd(rate); batch 8; epochs 1 }
