layer f(x) {
  scan x over time { weight w: [3] = 0; x }
}
