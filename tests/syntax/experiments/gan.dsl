# gan.dsl - two objectives
data { npz "data/digits.npz" { image: [8, 8, 1] = x }; scale minmax 0..1 }
net {
  generator = dense(128) | relu | dense(64) | sigmoid | reshape(8, 8, 1)
  critic = flatten | dense(128) | leaky_relu | dense(1)
  fake = generator(random_normal([16]))
}
loss d = softplus(-critic(image)) + softplus(critic(fake))
loss g = softplus(-critic(fake))
train { minimize d over critic with adam(2e-4); minimize g over generator with adam(2e-4); batch 64; epochs 50 }
