# task: values
data {
  csv "files/plants.csv"
  target height
  split 1/99
}
