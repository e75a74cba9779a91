# task: classes
data {
  csv "files/plants.csv"
  target species
  split 70/20
}
