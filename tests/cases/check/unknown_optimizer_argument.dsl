# other libraries' words for the rate, and an optimizer without parentheses
data { input x: [4]; target y: [] }
net { x | dense(outputs) }
loss huber
train { adam(lr = 1e-3); sgd 0.1 }
