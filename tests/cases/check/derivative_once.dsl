# the gradient of a step is declared to differ from its derivative
data { input x: [4]; target y }
net {
  u = x | dense(8) | step | dense(1)
  slope = derivative(u, x)
  u
}
loss squared_error + sum(slope^2)
train { adam }
