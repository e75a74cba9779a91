net {
  2 = inputs
  inputs
}
