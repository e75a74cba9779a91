# task: classes
data {
  csv "files/people.csv"
  target churn; only age
  missing median of lab_*
}
