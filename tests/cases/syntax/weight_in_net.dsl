net {
  weight w: [3] = 0
  inputs @ w
}
