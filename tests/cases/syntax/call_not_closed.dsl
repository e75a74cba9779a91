net {
  inputs | dense(64 | relu
  | dense(3)
}
