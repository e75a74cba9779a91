# task: classes
data {
  csv "files/people.csv"
  target churn
  column a = lag(age)
  column b = abz(age)
}
