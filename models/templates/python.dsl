# Expect: handwritten digits that train.py brings, 1797 images; test accuracy about 0.97 within seconds.
# Shapes are declared, rows come with `model.fit(images, labels)`; `dslc check` and `dslc plan` need none.
let width = 64 in 32..512                        # dslc.compile(.., settings={"width": 128}) overrides it
let rate  = 2e-3 in 1e-4..1e-2 log

data {
  input image: [8, 8, 1]
  target digit: class(10)
  split 70/15/15 stratified digit
  scale minmax 0..1                              # fitted on the training rows, kept with the model
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
