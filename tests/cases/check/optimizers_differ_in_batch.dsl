# one wants all rows for an update, the other a batch
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  body | dense(outputs) }
loss cross_entropy
train { adam; gradient_descent(0.1) on body }
