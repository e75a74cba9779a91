# task: values
data {
  csv "files/islands.csv"
  target mass
  split 70/15/15 seed 1
}
net { inputs | dense(outputs) }
loss huber
