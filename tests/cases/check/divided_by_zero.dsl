# a tensor divided by the number 0
data { input x: [4]; target y: [] }
net { x / 0 | dense(outputs) }
loss huber
train { adam }
