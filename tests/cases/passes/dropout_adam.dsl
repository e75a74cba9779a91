# Pins: bias, relu and dropout are one map, forward and backward; Adam's powers are computed once a step, from the clock.
let width = 5 in 2..9
let rate  = 1e-3
let share = 20%
let beta  = 0.9
data { input x: [4]; target y }
net { x | dense(width) | relu | dropout(share) | dense(outputs) }
loss huber(delta = 0.5)
train { adam(cosine(rate, 1e-5), beta1 = beta); batch 8; epochs 1 }
