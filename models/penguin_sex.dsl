# Expect: male or female penguins from measurements and species; 333 of 344 rows, as 11 have no sex; test accuracy about
# 0.9. `positive` says which class is 1: its probability is what the net's single output stands for.
data {
  csv "data/penguins.csv"
  target sex positive "female"
  ignore year, island
  split 70/15/15 stratified sex
  missing median
  scale zscore
}

net { inputs | dense(32) | gelu | dropout(10%) | dense(outputs) }

loss binary_cross_entropy + 1e-4 * l2(weights)

train {
  adamw(3e-3)
  batch 32
  epochs 150
  seed 1
  stop when val.loss stalls 20 epochs; keep best
  watch accuracy
}
