# twice of one group after the same epochs; a second time later is fine
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  body | dense(outputs) }
loss cross_entropy
train { prune 50% of body after 2 epochs; prune 60% of body after 2 epochs; prune 70% of body after 3 epochs }
