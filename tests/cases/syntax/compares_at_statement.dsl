net {
  a == inputs | dense(3)
  a
}
