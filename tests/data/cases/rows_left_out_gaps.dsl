# task: classes
data {
  csv "files/people.csv"
  target group; only age, price
  missing drop rows
}
