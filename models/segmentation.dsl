# Expect: which cells of a noisy image belong to a disc and not to a square (300 generated images of 24x24); on the test
# part 0.99 of the cells are right.
data {
  npz "data/shapes.npz" { image: [24, 24, 1] = image; disc: [24, 24] = disc }
  target disc
  split 70/15/15
  scale minmax 0..1
}

layer unit(x, channels) = x | conv(channels, bias = false) | batchnorm | relu

net {
  fine = image | unit(12) | unit(12)
  coarse = fine | maxpool | unit(24) | unit(24)
  deep = coarse | maxpool | unit(48) | unit(48) | conv_transpose(24)
  wide = concat(coarse, deep) | unit(24) | conv_transpose(12)
  concat(fine, wide) | unit(12) | conv(outputs, 1)
}

loss cross_entropy

train {
  adam(cosine(5e-3, 1e-5))
  batch 16
  epochs 20
  seed 1
  keep best val.loss
  watch accuracy
}
