# task: classes
data {
  csv "files/people.csv"
  target churn; ignore name
}
