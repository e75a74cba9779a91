# parameters and a state that nothing reads
data { input x: [4]; target y: [] }
layer kept(x, n) = x
optimizer plain(rate) { state m = 0; weight <- weight - rate * grad }
net { x | kept(3) | dense(outputs) }
loss huber
train { plain(0.1) }
