data { npz "digits.npz" }
data {
  csv "a.csv"
  augment {
    shift 1
    rotate 10
}
