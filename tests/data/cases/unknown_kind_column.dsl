# task: classes
data {
  csv "files/people.csv"
  target churn
  column age: catgory
  column name: words
}
