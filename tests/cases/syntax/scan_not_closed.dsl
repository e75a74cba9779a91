layer f(x) {
  scan x over time {
    state h = 0
    h
}
net { x | f }
