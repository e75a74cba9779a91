# a layer that looks at the batch: in training it may, a prediction is about one row
data { input x: [4]; target y: class(3) }
layer normed(x) = x - mean(x over batch)
layer weighed(x: [c]) { weight w: [c] = 1;  if training then x * mean(w over batch) else x * w }
net { x | normed | weighed | dense(outputs) }
loss cross_entropy
train { adam }
