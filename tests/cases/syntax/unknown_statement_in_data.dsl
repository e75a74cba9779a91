data {
  csv "a"
  ignor a, b
}
