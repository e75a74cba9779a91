data {
  csv 'a.csv
}
