# task: classes
data {
  csv "files/people.csv"
  target churn; only age, price
  missing median of age
  missing mean of age
  scale zscore of a*
  scale minmax of ag*
}
