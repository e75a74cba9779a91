# task: classes
data {
  csv "files/plants.csv"
  target species positive "yes"
  split 80/20 grouped sex
}
