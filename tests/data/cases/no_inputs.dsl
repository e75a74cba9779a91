# task: classes
data {
  csv "files/plants.csv"
  target species
  ignore *
}
