# Expect: digits drawn from eight numbers that are near to normal ones; a pixel of the test part is off by about 0.13.
# Kingma & Welling 2014: the error of what is drawn, and how far the code is from a normal distribution.
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x }
  reconstruct image
  split 70/15/15
  scale minmax 0..1
}

net {
  h = image | flatten | dense(128) | relu
  mu = h | dense(8)
  log_var = h | dense(8)
  z = mu + exp(log_var / 2) * random_normal([8])
  decode = dense(128) | relu | dense(64) | reshape(8, 8, 1)
  predict image = decode(z)
}

loss 64 * binary_cross_entropy(image) - 0.5 * sum(1 + log_var - mu^2 - exp(log_var))

train {
  adam(1e-3)
  batch 64
  epochs 30
  seed 1
  watch mae, rmse
}
