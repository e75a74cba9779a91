# three outputs for one value
data { input x: [4]; target y: [] }
net { x | dense(8) | relu | dense(3) }
loss huber
train { adam }
