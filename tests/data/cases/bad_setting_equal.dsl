# task: classes
data {
  csv "files/plants.csv" { decimal "," }
  target species
}
