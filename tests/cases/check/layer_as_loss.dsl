# a layer where a loss is wanted
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss dense
train { adam }
