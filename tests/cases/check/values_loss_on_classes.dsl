# a loss of values on a class target
data { input x: [4]; target y: class(3) }
net { x | dense(outputs) }
loss squared_error
train { adam }
