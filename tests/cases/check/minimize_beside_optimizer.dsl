# an optimizer that nothing is left for
data { input x: [3] }
net {
  maker = dense(3)
  judge = dense(4) | tanh | dense(1)
  drawn = maker(x)
}
loss d = softplus(-judge(x)) + softplus(judge(drawn))
loss g = softplus(-judge(drawn))
train { adam(1e-3); minimize d over judge with adam; minimize g over maker with adam; sgd(0.1) on maker }
