# minimize in a file whose loss has no name
data { input x: [4]; target y }
net { x | dense(outputs) }
loss huber
train { minimize huber with adam }
