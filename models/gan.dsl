# Expect: the error of the critic stays near 0.9 and that of the generator near 1: neither wins.
# Goodfellow et al. 2014: a critic tells digits from drawn ones, a generator draws what it takes for digits.
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x }
  scale minmax 0..1
}

net {
  generator = dense(128) | relu | dense(64) | sigmoid | reshape(8, 8, 1)
  critic = flatten | dense(128) | leaky_relu | dense(1)
  fake = generator(random_normal([16]))
}

loss d = softplus(-critic(image)) + softplus(critic(fake))
loss g = softplus(-critic(fake))

train {
  minimize d over critic with adam(2e-4)
  minimize g over generator with adam(2e-4)
  batch 64
  epochs 50
  seed 1
}
