# half a repetition
data { input x: [4]; target y: class(3) }
net { x | repeat 1.5 dense(4) | dense(outputs) }
loss cross_entropy
train { adam }
