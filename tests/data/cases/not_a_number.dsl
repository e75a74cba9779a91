# task: classes
data {
  csv "files/people.csv"
  target churn; only price
  sample_weight sex
}
