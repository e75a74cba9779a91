# task: values
data {
  csv "files/people.csv"
  target size
  window 2 of age
  window 1000000000 of price ahead 2%
}
