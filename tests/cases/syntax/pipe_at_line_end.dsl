net {
  inputs | dense(3) |
  relu
}
