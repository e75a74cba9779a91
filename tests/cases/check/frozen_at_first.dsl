# nothing is trained in the first epochs
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  head = body | dense(outputs);  head }
loss cross_entropy
train { unfreeze body after 3 epochs; unfreeze head after 2 epochs }
