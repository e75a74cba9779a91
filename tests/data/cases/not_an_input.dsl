# task: classes
data {
  csv "files/people.csv"
  target churn; ignore age, born
  missing median of age
  scale zscore of churn
}
