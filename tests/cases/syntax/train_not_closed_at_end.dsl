net { inputs | dense(3) }
train {
  adam(rate)
  batch 32
