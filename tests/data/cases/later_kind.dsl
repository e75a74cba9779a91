# task: classes
data {
  csv "files/plants.csv" table
  target species
}
