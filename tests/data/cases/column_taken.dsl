# task: classes
data {
  csv "files/people.csv"
  target churn
  column age = price + 1
}
