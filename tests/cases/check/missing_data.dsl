# no data
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam }
