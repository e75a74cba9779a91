# Expect: three species of penguins told apart by six columns, 344 rows; test accuracy about 0.98 within a second.
# For a table of your own, put a CSV file into data/, name it below, and say which column is the target.
let width = 32 in 8..128                         # `--set width=64` overrides it
let rate  = 3e-3 in 1e-4..1e-1 log

data {
  csv "data/penguins.csv"                        # a line of names, then rows; numbers, text and gaps as they are
  target species
  ignore year                                    # what the net must not read; text columns become one-hot
  split 70/15/15 stratified species
  missing median                                 # of the training rows; a text column takes its most frequent label
  scale zscore
}

net { inputs | dense(width) | relu | dropout(20%) | dense(outputs) }

loss cross_entropy                               # makes the target's values classes

train {
  adam(rate)
  batch 32
  epochs 200
  seed 1
  stop when val.loss stalls 15 epochs; keep best
  watch accuracy
}
