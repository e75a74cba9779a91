# task: values
data {
  csv "files/people.csv"
  target price
  column day = date(2001, 2, age)
  only age, day
}
