# task: classes
data {
  csv "files/plants.csv" { seperator ";" }
  target species
  sample_wieght height
}
