# task: classes
data {
  csv "files/plants.csv" { separator "tab"; decimal "x" }
  target species
}
