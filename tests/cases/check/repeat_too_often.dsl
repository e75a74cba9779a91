# too many repetitions
data { input x: [4]; target y: class(3) }
net { x | repeat 1_000_000_000 dense(4) | dense(outputs) }
loss cross_entropy
train { adam }
