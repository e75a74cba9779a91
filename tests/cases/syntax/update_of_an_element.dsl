layer f(x) {
  state s: [3] = 0
  s[0] <- 1
  x
}
