data { input t: class(9); target y: class(2) }
net { t + 1 | reshape(1) | dense(outputs) }
loss cross_entropy
train { adam }
