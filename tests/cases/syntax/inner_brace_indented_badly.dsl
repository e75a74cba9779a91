data {
  npz "digits.npz" {
    digit = y
}
  target digit
  }
net { x
