# task: classes
data {
  csv "C:\plants.csv"
  target species
}
