# task: values
data {
  csv "files/people.csv"
  target churn; only price
}
