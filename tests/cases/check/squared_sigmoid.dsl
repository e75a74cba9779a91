# a sigmoid under squared error
data { input x: [4]; target y }
net { x | dense(8) | sigmoid | dense(outputs) | sigmoid }
loss squared_error
train { adam }
