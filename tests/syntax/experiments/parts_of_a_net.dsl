# groups of weights, clipping, averages, pruning, tables, schedules with states
let limit = 0.5

data { input x: [5]; target y: class(3) }

metric by_class(prediction, target) table = sum(one_hot(target) over examples)

schedule rising(value, steps: count = 3) {
  state done = 0
  done <- done + 1
  value * min(done / steps, 1)
}

net {
  body = x | dense(6) | tanh | dense(5, bias = false) | batchnorm | relu
  body | dense(outputs)
}

loss cross_entropy

train {
  adam(plateau(1e-2, patience = 1))
  sgd(rising(0.1), momentum = 0.9) on body
  unfreeze body after 1 epoch
  freeze `body.dense_2`
  clip norm limit each
  average 0.9
  prune 40% of body after 2 epochs
  prune 50%
  batch 8
  epochs 3
  watch accuracy, confusion, by_class, roc_auc
  stop when val.roc_auc stalls 3 epochs
  keep best
  health true
}
