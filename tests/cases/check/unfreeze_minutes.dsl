# epochs are what is counted
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  body | dense(outputs) }
loss cross_entropy
train { unfreeze body after 3 minutes }
