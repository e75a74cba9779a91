# task: classes
data {
  csv "files/people.csv"
  target churn; only price
  column w = price - 5
  sample_weight w
}
