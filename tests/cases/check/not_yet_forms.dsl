# what later versions build
data { input x: [4, 2]; target y: class(3) }
loss d = cross_entropy
net { x | flatten | dense(outputs) }
loss cross_entropy
train { adam; watch confusion }
