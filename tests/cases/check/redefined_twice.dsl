# two definitions of one name
data { input x: [4]; target y: class(3) }
activation bent(x) = x
activation bent(x) = 2 * x
net { x | bent | dense(outputs) }
loss cross_entropy
train { adam }
