# task: values
data {
  csv "files/people.csv"
  target price
  window 2 of prise
}
