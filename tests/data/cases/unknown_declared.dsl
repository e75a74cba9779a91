# task: classes
data {
  csv "files/people.csv"
  target churn
  column aeg: number
  sample_weight wieght
  missing median of agee
}
