# Expect: digits through a small residual network (He et al. 2016); test accuracy about 0.99 within seconds.
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
}

use "layers/residual.dsl"

net { image | unit(16) | repeat 2 block | maxpool | unit(32) | repeat 2 block | global_avgpool | dense(outputs) }

loss cross_entropy + 1e-4 * l2(weights)

train {
  sgd(cosine(0.05, 0.0005), momentum = 0.9)
  batch 64
  epochs 30
  seed 1
  keep best val.loss
  watch accuracy
}
