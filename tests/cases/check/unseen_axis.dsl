# ranks are among rows, and among the places of an example if it says so
data { input x: [4]; target y: class(3) }
activation as_high(x: [.., c]) = tail_sum(x, x over c)
metric ranked(prediction, target) higher = as_high(prediction)
net { x | dense(outputs) }
loss cross_entropy
train { adam; watch ranked }
