# Expect: digits through eight numbers and back; a pixel of the test part is off by about 0.1 of the range on average.
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; pixels: [8, 8, 1] = x }
  target pixels
  split 70/15/15
  scale minmax 0..1
  scale target minmax 0..1
}

net {
  code = image | flatten | dense(64) | relu | dense(8)
  code | dense(64) | relu | dense(64) | reshape(8, 8, 1)
}

loss squared_error

train {
  adam(cosine(3e-3, 1e-4))
  batch 64
  epochs 60
  seed 1
  keep best val.loss
  watch mae
}
