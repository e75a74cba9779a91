# task: classes
data {
  csv "../plants.csv"
  target species
}
