# lets outside of their ranges, and ranges that are none
let width = 64 in 16..32
let rate = 1e-3 in 0..1 log
let share = 0.1 in 0.5..0.2
let act = relu in 1..2
data { input x: [4]; target y: [] }
net { x | dense(width) | act | dropout(share) | dense(outputs) }
loss huber
train { adam(rate) }
