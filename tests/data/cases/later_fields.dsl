# task: classes
data {
  csv "files/plants.csv" { tall = height }
  target species: category
}
