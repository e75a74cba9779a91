# an objective that no loss names
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss judged = softplus(-judge(x)) + softplus(judge(drawn))
loss g = softplus(-judge(drawn))
train { minimize juged over judge with adam; minimize g over maker with adam }
