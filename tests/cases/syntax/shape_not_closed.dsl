layer f(x: [h, w, c, units) {
  x
}
