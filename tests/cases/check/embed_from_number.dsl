data { input t: class(9); target y: class(2) }
net { t | embed(4, from = 3) | dense(outputs) }
loss cross_entropy
train { adam }
