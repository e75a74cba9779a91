data { csv "a.csv"
net { inputs | dense(3)
loss huber
train { adam
