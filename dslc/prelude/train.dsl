# What a train block leaves out. An optimizer may ask for `batch all` itself; an average of 0 is the weights themselves.
train {
  adam
  batch 32
  epochs 10
  seed 0
  shuffle true
  average 0
  health true
}
