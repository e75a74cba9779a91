# `x[0]` of the net and `x[0]` below are two tensors; the derivative of relu jumps
data { input x: [4]; target y }
net {
  u = x | dense(8) | relu | dense(1)
  a = x[0]
  u_a = derivative(u, a)
  u_x = derivative(u, x)
  u_xx = derivative(sum(u_x), x)
  u
}
loss squared_error
train { adam }
