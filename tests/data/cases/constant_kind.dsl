# task: classes
data {
  csv "files/people.csv"
  target churn; only age
  missing constant unknown of age
}
