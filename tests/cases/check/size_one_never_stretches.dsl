# an axis of size 1 meets one of size 8
data { input x: [4]; target y: class(3) }
net { a = x | dense(8); b = x | dense(1); a * b | dense(outputs) }
loss cross_entropy
train { adam }
