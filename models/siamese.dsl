# Expect: whether two images show the same digit, by the distance of their codes, which one net with one set of weights
# makes of both; 1500 pairs, of the test part about 0.95 are decided rightly.
let margin = 1

data {
  npz "data/digit_pairs.npz" { first: [8, 8, 1] = first; second: [8, 8, 1] = second; same = same }
  target same
  split 70/15/15
  scale minmax 0..1
}

net {
  encode = conv(16) | relu | maxpool | conv(32) | relu | flatten | dense(16)
  one = encode(first)
  other = encode(second)
  margin / 2 - sqrt(sum((one - other)^2) + 1e-6)
}

loss contrastive(one, other, margin = margin)

train {
  adam(cosine(3e-3, 1e-4))
  batch 64
  epochs 40
  seed 1
  keep best val.loss
  watch accuracy
}
