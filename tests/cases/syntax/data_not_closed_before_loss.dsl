data {
  csv "a"
  target y
loss cross_entropy
train { adam }
