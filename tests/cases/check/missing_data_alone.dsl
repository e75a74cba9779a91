# all but data
net { inputs | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam; watch accuracy; stop when val.accuracy stalls 3 epochs; keep best }
