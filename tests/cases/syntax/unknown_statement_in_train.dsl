train {
  stopp when val.loss stalls 10 epochs
}
