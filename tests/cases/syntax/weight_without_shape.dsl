layer f(x) {
  weight w = 0
  x @ w
}
