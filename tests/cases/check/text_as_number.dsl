# a text where a number is wanted
data { input x: [4]; target y: class(3) }
net { x * "two" | dense(outputs) }
loss cross_entropy
train { adam }
