# `bodi` is no name of the net
data { input x: [4]; target y: class(3) }
net { body = x | dense(8) | relu;  body | dense(outputs) }
loss cross_entropy
train { adam(1e-3) on bodi; freeze nothing }
