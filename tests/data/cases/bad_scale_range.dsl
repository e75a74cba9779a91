# task: classes
data {
  csv "files/plants.csv"
  target species
  scale minmax 1..0
  scale target zscore 0..1
}
