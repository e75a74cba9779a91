# task: values
data {
  csv "files/people.csv"
  target price
  only age
  split 80/20 in time borne
}
