# task: classes
data {
  csv "files/penguins.csv"
  target island
}
