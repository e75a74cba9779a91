# task: classes
data {
  csv "files/plants.csv"
  target species
  split 80/20 in time height
}
