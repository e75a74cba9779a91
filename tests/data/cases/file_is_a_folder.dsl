# task: classes
data {
  csv "files"
  target species
}
