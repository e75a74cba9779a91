layer f(x) {
  wieght w: [3] = 0
  x
}
