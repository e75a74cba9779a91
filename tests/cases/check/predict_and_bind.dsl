# one name for a layer's output and for a prediction; a name that keeps its meaning
data { input x: [4]; target h, weights }
net { h = x | dense(1); predict h = h | dense(outputs); predict weights = h | dense(outputs) }
loss huber(h) + huber(weights)
train { adam }
