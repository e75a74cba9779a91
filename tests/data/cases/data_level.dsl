# task: classes
data {
  csv "files/people.csv"
  target churn; only size
  column size: ordered(small, large)
}
