# task: classes
data {
  csv "files/people.csv"
  target churn
  missing drop columns above 100%
  class_weight heavy
  sample_weight 3
  column age: number(3)
}
