# Expect: malignant or benign from thirty measurements of a cell image, 569 rows; test accuracy about 0.97.
# Two classes under binary_cross_entropy: `outputs` is 1, a logit, and the loss's link is the sigmoid.
data {
  csv "data/breast_cancer.csv"
  target malignant
  split 70/15/15 stratified malignant
  scale zscore
}

net { inputs | dense(16) | gelu | dropout(10%) | dense(outputs) }

loss binary_cross_entropy + 1e-3 * l2(weights)

train {
  adamw(2e-3)
  batch 32
  epochs 100
  seed 1
  stop when val.loss stalls 15 epochs; keep best
  watch accuracy
}
