layer f(x) {
  link softmax
  x
}
