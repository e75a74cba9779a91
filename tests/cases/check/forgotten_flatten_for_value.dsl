# images reach a loss of one value
data { input x: [8, 8, 1]; target y: [] }
net { x | dense(8) | relu | dense(outputs) }
loss huber
train { adam }
