layer own(t, units: count) { weight w: [4, units] = 0;  w[t, ..] }
data { input t: [2]; target y: class(2) }
net { t | own(4) | dense(outputs) }
loss cross_entropy
train { adam }
