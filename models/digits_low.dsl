# Expect: the digits 0 to 4 as images; test accuracy about 0.99. `digits_finetune.dsl` goes on from its layers:
# `dslc train digits_low.dsl --out digits_low`, beside this file.
data {
  npz "data/digits_low.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
}

net {
  image | conv(16) | relu | maxpool
  | conv(32) | relu
  | flatten | dropout(30%) | dense(outputs)
}

loss cross_entropy

train {
  adam(2e-3)
  batch 32
  epochs 30
  seed 1
  keep best val.loss
  watch accuracy
}
