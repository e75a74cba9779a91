# a metric that ranks all rows sees no name of the net, and no input
data { input x: [4]; target y: class(2) }
metric ranked(prediction, target) higher = tail_sum(size, size)
metric through(prediction, target) higher = ranked(prediction, target) + mean(x over examples, ..)
net {
  size = sum(x)
  x | dense(outputs)
}
loss binary_cross_entropy + 0 * size
train { adam; watch through, roc_auc(x) }
