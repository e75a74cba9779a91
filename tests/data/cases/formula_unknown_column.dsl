# task: classes
data {
  csv "files/people.csv"
  target churn
  column a = b + agee
  column b = age
}
