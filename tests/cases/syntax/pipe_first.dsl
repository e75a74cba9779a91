net {
  | dense(3)
}
