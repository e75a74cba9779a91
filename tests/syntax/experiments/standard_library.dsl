activation gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))
layer prelu(x: [.., c]) { weight slope: [c] = 0.25;  where(x > 0, x, slope * x) }

layer dense(x: [.., fan_in], units, bias = true) {
  weight w: [fan_in, units] = glorot_uniform
  weight b: [units] = 0 if bias                # a false static condition leaves the initial value as a constant, which folding removes
  x @ w + b
}
layer conv(x: [h, w, c], filters, size = 3x3, stride = 1, padding = same) {
  weight k: [size[0], size[1], c, filters] = he_normal
  top = (size[0] - 1) // 2
  y[i: rows, j: cols, f] = sum((x[i * stride + u - top, j * stride + v - left, ch] or 0) * k[u, v, ch, f] over u, v, ch)
}
layer dropout(x, share) = if training then where(random_uniform(shape(x)) < share, 0, x / (1 - share)) else x

layer lstm(x: [time, fan_in], units) {
  scan x over time {                           # inside, x is one step
    state h: [units] = 0
    state c: [units] = 0
    i = sigmoid(x @ w[0] + h @ u[0])                                        # gates as formulas;  c <- ...;  h <- ...  act after the step
    c <- f * c + i * g
    h <- o * tanh(c)
    h                                          # the last expression of every step, stacked: [time, units]
  }
}
loss cross_entropy(prediction: [.., classes], target: class(classes)) { link softmax;  logsumexp(prediction) - prediction[target] }
loss huber(prediction, target, delta = 1) {    # link identity unless stated; hinge: `link none`
  e = abs(prediction - target)
  where(e <= delta, 0.5 * e^2, delta * (e - 0.5 * delta))
}
optimizer adam(rate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8) {        # Kingma & Ba 2015, algorithm 1
  state m = 0
  state v = 0
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  weight <- weight - rate * (m / (1 - beta1^iteration)) / (sqrt(v / (1 - beta2^iteration)) + eps)
}
metric accuracy(prediction, target) higher = decide(prediction) == target
metric rmse(prediction, target) lower = sqrt(mean((prediction - target)^2 over examples))
schedule cosine(from, to) = to + (from - to) * (1 + cos(pi * progress)) / 2
initializer glorot_uniform(fan_in, fan_out) = uniform(-sqrt(6 / (fan_in + fan_out)), sqrt(6 / (fan_in + fan_out)))
