# task: classes
data {
  csv "files/people.csv"
  target churn positive "yeah"; only price
}
