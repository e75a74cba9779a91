# task: classes
data {
  csv "files/plant.csv"
  target species
}
