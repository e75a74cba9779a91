# more layers than one elaboration may have
data { input x: [4]; target y: class(3) }
net { x | repeat 3000 dense(4) | dense(outputs) }
loss cross_entropy
train { adam }
