net {
  for i in 1..4
  inputs
}
