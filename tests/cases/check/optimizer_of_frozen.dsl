# an optimizer for weights that are never updated
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  head = body | dense(outputs);  head }
loss cross_entropy
train { adam; freeze body; sgd(0.1) on body }
