net {
  inputs | dense(3)
  inputs | dense(4)
}
