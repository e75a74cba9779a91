# of several one is over all weights
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss d = softplus(-judge(x)) + softplus(judge(drawn))
loss g = softplus(-judge(drawn))
train { minimize d with adam; minimize g over maker with adam }
