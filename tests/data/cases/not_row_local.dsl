# task: classes
data {
  csv "files/people.csv"
  target churn
  column a = age | relu
  column b = age // 2
}
