# a wrong data block hides nothing that can be told without it
let width = 64 in [32, 128]
layer block(x, n) = x | dense(n) | rleu
data { csv "rows.csv"; target species; split 70/40 }
net { inputs | dense(width) | gleu | dropout(share = 20%, rate = 3) | dense(outputs) }
loss hubr + 0.1 * l2(weights)
train { adm(1e-3); batch 0; epoch 5; watch accuracy, mea; stop when val.loss stalls 3 epochs; stop when val.f stalls 3 epochs }
train { adam }
