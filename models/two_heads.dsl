# Expect: a penguin's body mass and bill length from one trunk, 342 of 344 rows. The mass is the mean, the bill the length
# that nine of ten stay below: a loss of its own. In units of the scaled targets, test rmse of the mass about 0.4.
loss pinball(prediction, target, q: share = 0.5) = max(q * (target - prediction), (q - 1) * (target - prediction))

metric below(prediction, target) higher = target <= prediction

data {
  csv "data/penguins.csv"
  target body_mass_g, bill_length_mm
  ignore year
  split 70/15/15
  missing median
  scale zscore
  scale target zscore
}

net {
  trunk = inputs | dense(32) | gelu
  predict body_mass_g = trunk | dense(outputs)
  predict bill_length_mm = trunk | dense(outputs)
}

loss huber(body_mass_g) + 0.5 * pinball(bill_length_mm, q = 0.9)

train {
  adam(2e-3)
  batch 32
  epochs 150
  seed 1
  stop when val.loss stalls 20 epochs; keep best
  watch rmse(body_mass_g), below(bill_length_mm)
}
