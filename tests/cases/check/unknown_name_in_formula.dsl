# a definition's formula names what it does not have
data { input x: [4]; target y: [] }
loss mine(prediction, target) = (predicton - target)^2
net { x | dense(outputs) }
loss mine
train { adam }
