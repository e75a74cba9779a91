# task: values
data {
  csv "files/people.csv"
  target price; only age, cost
  column cost = price * 2
}
