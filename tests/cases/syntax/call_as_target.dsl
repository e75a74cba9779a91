net {
  f(x) = x | dense(3)
  f(inputs)
}
