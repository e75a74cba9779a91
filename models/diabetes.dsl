# Expect: disease progression after a year (25 to 346) from ten measurements of 442 patients; test mae about 0.55 and
# rmse about 0.73 in standard deviations of the target (77), so 42 and 56 in its own unit. The signal is weak: a linear
# model does nearly as well.
let width = 16 in 4..64
let rate  = 3e-3 in 1e-4..1e-1 log

data {
  csv "data/diabetes.csv"
  target progression
  split 70/15/15
  scale zscore
  scale target zscore
}

net { inputs | dense(width) | tanh | dense(outputs) }

loss huber + 1e-3 * l2(weights)

train {
  adam(rate)
  batch 32
  epochs 200
  seed 3
  stop when val.loss stalls 20 epochs; keep best
  watch mae, rmse
}
