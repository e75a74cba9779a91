layer f(x) {
  y[0] = scan x over time { x }
  y
}
