layer f(x) {
  predict y = x
}
