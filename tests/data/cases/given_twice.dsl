# task: classes
data {
  csv "files/plants.csv"
  csv "files/other.csv"
  target species
  target sex
  split 80/20
  split 90/10
  scale zscore
  scale minmax
}
