layer f(x) {
  state h = 0
  final h
}
