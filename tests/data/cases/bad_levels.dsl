# task: classes
data {
  csv "files/people.csv"
  target churn
  column size: ordered(small)
}
