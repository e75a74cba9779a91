# task: values
data {
  csv "files/people.csv"
  target age
  window 2 of age
  split 50/50 seed 3
}
