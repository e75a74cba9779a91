# one of two targets is forgotten
data { input x: [4]; target hot, cold }
net { predict hot = x | dense(outputs) }
loss huber(hot)
train { adam }
