# parts of a tensor: one index for each axis, and none of its own
data { input x: [4, 4]; target y: class(3) }
net { x[0..2] + x[i: 3, 1] + x[4, ..] + x[2..2, ..] | flatten | dense(outputs) }
loss cross_entropy
train { adam }
