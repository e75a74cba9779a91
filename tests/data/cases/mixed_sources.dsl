# task: classes
data {
  csv "files/plants.csv"
  input x: [4]
  target species
}
