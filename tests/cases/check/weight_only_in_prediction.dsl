# a weight that training does not have
data { input x: [4]; target y: class(3) }
net { h = x | dense(4); g = (if training then h else (h | dense(4))); g | dense(outputs) }
loss cross_entropy
train { adam }
