# `dslc bench tiny`: 30-32-16-2, Adam, batches of 32. So small that a step is all overhead.
data { input x: [30]; target y: class(2) }
net { x | dense(32) | relu | dense(16) | relu | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 32; epochs 1; seed 0; health false }
