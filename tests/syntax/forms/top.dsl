let width = 64 in 16..256                     # `in` is what
let rate  = 1e-3 in 1e-5..1e-1 log
let act   = relu in [relu, gelu, tanh]
let n = 20_000
let size = 3x3 in [3x3, 5x5]
let share = 20% in [10%, 20%]
let rate = cosine(0.1, 0.001)
let log = 3 in 1..4
use "layers.dsl"
loss cross_entropy
loss cross_entropy + 5e-4 * l2(weights)
loss huber(heating) + 0.5 * pinball(cooling, q = 0.9)
loss 64 * binary_cross_entropy(image) - 0.5 * sum(1 + log_var - mu^2 - exp(log_var))
loss d = softplus(-critic(image)) + softplus(critic(fake))
loss hinge(prediction, target: class(2)) { link none; max(0, 1 - prediction * target) }
loss f(prediction, target) = abs(prediction - target)
activation step(x) { approximate gradient x = grad * (abs(x) <= 1); where(x > 0, 1, 0) }
layer dropout(x, share) = if training then where(random_uniform(shape(x)) < share, 0, x / (1 - share)) else x
layer twice(x, f) = x | f | f
layer wrap(x, inner = gru(64)) = inner(x)
metric rmse(prediction, target) lower = sqrt(mean((prediction - target)^2 over examples))
metric f1(prediction, target) higher { p = decide(prediction); sum(p * target over examples) }
schedule cosine(from, to) = to + (from - to) * (1 + cos(pi * progress)) / 2
schedule warm(to) = if iteration < 100 then to * iteration / 100 else to
initializer he(fan_in) = normal(0, sqrt(2 / fan_in))
optimizer sgd(rate) { weight <- weight - rate * grad }
optimizer m(rate, decay = 0.9) { state v = 0; v <- decay * v + grad; weight <- weight - rate * v }
net { x | dense(3) }; loss cross_entropy; train { adam }
loss (a + b) * 2
loss 2 * a(b)
loss f(a) + b
layer empty(x) { }
layer nothing() = 1
data { }
net { }
train { }
layer scalar(x: []) = x
metric top_k(prediction, target, k = 5) higher = mean(k over examples)
let flag = true in [true, false]
let act = `relu`
let x = -3 in -5..-1
optimizer o(lower = 1, in = 2) { weight <- weight - lower * grad }
optimizer descent(rate = 1) { batch all; weight <- weight - rate * grad }
