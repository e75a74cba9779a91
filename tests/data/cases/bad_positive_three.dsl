# task: classes
data {
  csv "files/people.csv"
  target size positive "small"; only price
}
