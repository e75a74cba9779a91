# Expect: handwritten digits of 8x8 pixels, 1797 images; test accuracy about 0.97 within seconds.
# For images of your own, store two arrays with numpy.savez: [rows, height, width, channels], and a class for each row.
let width = 128 in 32..512                       # `--set width=256` overrides it
let rate  = 2e-3 in 1e-4..1e-2 log

data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
}

net { image | flatten | dense(width) | relu | dropout(20%) | dense(outputs) }

loss cross_entropy

train {
  adam(rate)
  batch 64
  epochs 100
  seed 1
  stop when val.loss stalls 10 epochs; keep best
  watch accuracy
}
