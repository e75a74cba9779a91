data { input x: [4]; target y }
net { x | dense(outputs) }
loss squared_error
train { adam; watch mae; stop when train.mea < 0.1 }
