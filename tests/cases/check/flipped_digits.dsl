# the mirror image of a 2 is no 2
data {
  csv "rows.csv"
  target digit
  split 80/20
  augment { shift 1; flip horizontal }
}
net { inputs | dense(outputs) }
loss cross_entropy
