# a time limit in epochs
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam; stop after 10 epochs }
