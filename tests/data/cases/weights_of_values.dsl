# task: values
data {
  csv "files/people.csv"
  target price; only group
  class_weight balanced
}
