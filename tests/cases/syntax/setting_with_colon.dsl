train {
  adam(rate)
  epochs: 5
}
