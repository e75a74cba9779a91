data {
  csv "data/a.csv
  target y
}
