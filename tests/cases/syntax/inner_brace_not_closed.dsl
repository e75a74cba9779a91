data {
  npz "digits.npz" {
    image: [8, 8, 1] = x
    digit = y
  target digit
  split 70/15/15
}
net { image | flatten | dense(outputs) }
