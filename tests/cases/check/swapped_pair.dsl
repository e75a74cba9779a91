# target and prediction the wrong way round
data { input x: [4]; target y: [] }
net { x | dense(outputs) }
loss huber(y, prediction)
train { adam }
