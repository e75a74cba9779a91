# what cannot be pruned, or not so
data { input x: [4]; target y: class(3) }
layer scaled(x: [c]) { weight s: [c] = 1;  s * x }
net { body = x | dense(8);  only = body | scaled;  only | dense(outputs) }
loss cross_entropy
train { prune 50% of only; prune 100% of body; prune 20% of body after 2 minutes; prune 20% of bodi }
