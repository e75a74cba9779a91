# `dslc bench softmax`: 784-10, gradient descent by batches of 64. One product each way; the rest is overhead.
data { input x: [784]; target y: class(10) }
net { x | dense(outputs) }
loss cross_entropy
train { sgd(1e-2); batch 64; epochs 1; seed 0; health false }
