# task: classes
data {
  csv "files/people.csv"
  target churn
  missing medain
}
