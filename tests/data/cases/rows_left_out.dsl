# task: classes
data {
  csv "files/people.csv"
  target churn; only age, price
  missing median
}
