# groups take every weight from the optimizer without a group
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  head = body | dense(outputs);  head }
loss cross_entropy
train { adam; sgd(0.1) on body; sgd(0.2) on head }
