data {
  csv "a.csv"
  target y
net { inputs | dense(3) }
loss huber
