# an optimizer that nobody defines
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss d = softplus(-judge(x)) + softplus(judge(drawn))
loss g = softplus(-judge(drawn))
train { minimize d over judge with adamm; minimize g over maker with adam }
