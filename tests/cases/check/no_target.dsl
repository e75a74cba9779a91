# a loss that needs a target
data { input x: [4] }
net { x | dense(1) }
loss squared_error
train { adam }
