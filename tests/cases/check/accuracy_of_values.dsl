# what decides between classes says nothing of a target of values
data { input x: [4]; target y }
net { x | dense(outputs) }
loss squared_error
train { adam; watch accuracy }
