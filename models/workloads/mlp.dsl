# `dslc bench mlp`: 784-256-128-10, Adam, batches of 64: a first net for images of 28x28 pixels.
data { input x: [784]; target y: class(10) }
net { x | dense(256) | relu | dense(128) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 64; epochs 1; seed 0; health false }
