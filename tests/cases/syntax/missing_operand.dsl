net {
  a = h +
  a | dense(3)
}
