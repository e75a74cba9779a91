# task: classes
data {
  csv "files/plants.csv"
  target specie
  ignore hight, width
  split 80/20 stratified seks
}
