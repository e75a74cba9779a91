# task: classes
data {
  csv "files/plants.csv"
  target species
  split 70/30 seed 4294967296
}
