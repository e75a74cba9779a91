data { input x: [4]; target y }
net { x | lstm(3) | last | dense(1) }
loss squared_error
train { adam }
