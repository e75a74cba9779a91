# task: classes
data {
  csv "files/people.csv"
  target churn; only age, price
  column age: number
  column age: category
}
