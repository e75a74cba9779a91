# a parameter twice, parameters and a state that nothing reads
data { input x: [4]; target y: [] }
layer twice(x, a, a) = x * a
net { x | twice(1, 2) | dense(outputs) }
loss huber
train { adam }
