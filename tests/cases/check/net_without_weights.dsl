# nothing to train
data { input x: [4]; target y: [] }
net { sum(x) }
loss squared_error
train { adam }
