# Expect: handwritten digits again, now as images; test accuracy about 0.99 within seconds.
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
}

layer block(x, channels) = x | conv(channels, bias = false) | batchnorm | relu

net {
  image | block(16) | block(16) | maxpool
  | block(32) | spatial_dropout(30%)
  | flatten | dense(64) | relu | dropout(30%) | dense(outputs)
}

loss cross_entropy + 5e-4 * l2(weights)

train {
  adam(cosine(3e-3, 1e-5))
  batch 64
  epochs 40
  seed 1
  keep best val.loss
  watch accuracy
}
