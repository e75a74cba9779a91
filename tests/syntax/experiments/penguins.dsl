# penguins.dsl - a table with missing values and categories
let width = 64 in 16..256                     # `in` is what `dslc tune` searches; --set width=128 overrides
let rate  = 1e-3 in 1e-5..1e-1 log
let act   = relu in [relu, gelu, tanh]

data {
  csv "data/penguins.csv"
  target species
  ignore year
  split 70/15/15 stratified species           # seeded by the split's own seed (default 0)
  missing median                              # from training rows only; categories take the mode
  scale zscore                                # inputs; `scale target zscore` scales the target
}
net { inputs | dense(width) | act | dropout(20%) | dense(outputs) }
loss cross_entropy
train {
  adam(rate)
  batch 32
  epochs 200
  seed 7
  stop when val.loss stalls 10 epochs; keep best
  watch accuracy, f1
}
