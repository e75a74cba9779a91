# said twice of one group: once by its name, once by another
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  trunk = body;  trunk | relu | dense(outputs) }
loss cross_entropy
train { sgd(0.1) on body, trunk; unfreeze body after 3 epochs; unfreeze body after 4 epochs }
