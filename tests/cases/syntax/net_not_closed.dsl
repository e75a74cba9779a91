data { csv "a" }
net {
  inputs | dense(3)
loss cross_entropy
