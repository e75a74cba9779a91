# Expect: the digits again, with a layer, an activation, a loss, an optimizer, a schedule and a metric of its own;
# test accuracy about 0.96. What a file defines has the power and the speed of what the library defines.
let rate = 0.05 in 0.01..0.5 log

data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
}

activation bent(x, bend = 0.1) = where(x > 0, x, bend * x)

layer gated(x: [fan_in], units) {                # half of the products open and close the other half
  weight value: [fan_in, units] = he_normal
  weight gate: [fan_in, units] = glorot_uniform
  weight bias: [units] = 0
  (x @ value + bias) * sigmoid(x @ gate)
}

loss smoothed(prediction: [classes], target: class(classes), share = 5%) {     # cross-entropy, a share on all classes
  link softmax
  logsumexp(prediction) - (1 - share) * prediction[target] - share * sum(prediction) / classes
}

schedule warm(peak, share = 10%) = where(progress < share, peak * progress / share, peak * (1 - progress) / (1 - share))

optimizer heavy_ball(rate, friction = 0.9) {     # Polyak 1964
  state speed = 0
  speed <- friction * speed - rate * grad
  weight <- weight + speed
}

metric confidence(prediction, target) higher = max(probability(prediction))

net { image | flatten | gated(48) | dense(32) | bent | dense(outputs) }

loss smoothed

train {
  heavy_ball(warm(rate))
  batch 64
  epochs 40
  seed 1
  keep best val.accuracy
  watch accuracy, confidence
}
