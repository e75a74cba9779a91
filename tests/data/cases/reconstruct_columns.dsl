# task: values
data {
  csv "files/plants.csv"
  reconstruct height, width
}
