# What a train block leaves out. An optimizer may ask for `batch all` itself.
train {
  adam
  batch 32
  epochs 10
  seed 0
  shuffle true
}
