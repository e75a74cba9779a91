layer own(x: [time, steps, c]) { scan x over time { x | rnn(2) | last } }
data { input x: [4, 3, 2]; target y }
net { x | own | flatten | dense(1) }
loss squared_error
train { adam }
