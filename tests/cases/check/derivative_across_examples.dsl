# the statistics of a batch
data { input x: [4]; target y }
net {
  u = x | dense(8) | batchnorm | tanh | dense(1)
  slope = derivative(u, x)
  u
}
loss squared_error + sum(slope^2)
train { adam }
