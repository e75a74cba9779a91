# the answer among the inputs
data { input x: [4]; target y: [] }
net { x * y + target | dense(outputs) }
loss huber
train { adam }
