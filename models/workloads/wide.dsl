# `dslc bench wide`: 1024-1024-1024-10, Adam, batches of 256. Nearly all of a step is matrix products.
data { input x: [1024]; target y: class(10) }
net { x | dense(1024) | relu | dense(1024) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 256; epochs 1; seed 0; health false }
