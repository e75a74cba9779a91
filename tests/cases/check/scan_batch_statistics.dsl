layer own(x: [time, c]) { scan x over time { x | batchnorm } }
data { input x: [4, 3]; target y }
net { x | own | flatten | dense(1) }
loss squared_error
train { adam }
