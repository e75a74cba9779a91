# task: classes
data {
  csv "files/people.csv"
  target group; only a
  column a = 1 / price
}
