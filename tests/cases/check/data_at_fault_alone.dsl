# a wrong data block has no consequences
layer block(x: [.., c], n) = x | dense(n) | relu
metric off(prediction, target) lower = abs(prediction - target) + mean(hidden)
data { csv "rows.csv"; target species; split 70/40 }
net {
  hidden = inputs | block(8)
  both = repeat 2 block(4)
  hidden | both | dense(outputs)
}
loss huber(prediction, target) + 0.1 * squared_error + l2(weights)
train { adam(cosine(0.1, 0.01)); watch mae, off; stop when val.off stalls 3 epochs; keep best }
