# Expect: the digits 5 to 9, learned from 89 images: test accuracy about 0.95. The first layers are those of
# `digits_low.dsl`, which learned other digits: train it before, as it says. They rest for 20 epochs, then move slowly.
data {
  npz "data/digits_high.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 10/10/80 stratified digit
  scale minmax 0..1                      # as in `digits_low.dsl`: what is loaded is the net alone
}

net {
  body = load "digits_low/model.dslm" until flatten
  image | body | dropout(30%) | dense(outputs)
}

loss cross_entropy

train {
  adam(5e-3)
  adam(5e-4) on body
  unfreeze body after 20 epochs
  batch 16
  epochs 60
  seed 1
  keep best val.loss
  watch accuracy
}
