# a binding after the prediction of that name
data { input x: [4]; target h, k }
net { predict h = x | dense(outputs); h = x | dense(3); predict k = h | dense(outputs) }
loss huber(h) + huber(k)
train { adam }
