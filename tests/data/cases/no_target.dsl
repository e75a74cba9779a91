# task: classes
data {
  csv "files/plants.csv"
  scale target zscore
}
