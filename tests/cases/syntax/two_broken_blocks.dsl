data {
  csv "a.csv"
  split 70/15/15 stratify y
}
net { inputs | dense(3 }
loss cross_entropy
train { epochs: 5 }
