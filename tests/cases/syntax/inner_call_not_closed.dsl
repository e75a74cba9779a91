net {
  h = dense(exp(x)
  y = h | relu
}
