# task: classes
data {
  csv "files/people.csv"
  target churn; only a
  column a = sex + 1
}
