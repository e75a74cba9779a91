# task: classes
data {
  csv "files/people.csv"
  target churn
  column a = max(age)
}
