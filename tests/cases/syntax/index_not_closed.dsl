layer f(x) {
  y[i: rows = x[i]
  y
}
