# two objectives of one name
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss d = softplus(-judge(x)) + softplus(judge(drawn))
loss d = softplus(-judge(drawn))
train { minimize d with adam }
