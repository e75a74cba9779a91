# task: values
data {
  csv "files/plants.csv"
  target height: [2]
}
