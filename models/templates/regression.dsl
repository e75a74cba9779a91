# Expect: disease progression from ten measurements, 442 rows; test mae about 0.55 standard deviations of the target.
# For a table of your own, put a CSV file into data/, name it below, and say which column is the target.
let width = 16 in 4..64                          # `--set width=32` overrides it
let rate  = 3e-3 in 1e-4..1e-1 log

data {
  csv "data/diabetes.csv"                        # a line of names, then rows
  target progression
  split 70/15/15
  missing median                                 # of the training rows; these rows have no gaps, yours may
  scale zscore
  scale target zscore                            # losses are in these units, predictions in the target's own
}

net { inputs | dense(width) | tanh | dense(outputs) }

loss huber + 1e-3 * l2(weights)                  # forgives outliers; makes the target's values numbers

train {
  adam(rate)
  batch 32
  epochs 200
  seed 1
  stop when val.loss stalls 20 epochs; keep best
  watch mae, rmse
}
