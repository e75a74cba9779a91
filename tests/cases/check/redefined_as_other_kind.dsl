# one name for two things that are called in the same place
data { input x: [4]; target y: [] }
activation dense(x) = x
layer half(x) = x / 2
activation half(x) = x / 2
net { x | half | dense(outputs) }
loss huber
train { adam }
