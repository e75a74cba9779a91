# a value per example beside a total
data { input x: [4]; target y: class(3) }
metric odd(prediction, target) lower = sum(prediction) - mean(sum(prediction) over examples)
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam; watch odd }
