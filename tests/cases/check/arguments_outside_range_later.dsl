# numbers that a definition of this file does not take
data { input x: [4]; target y: [] }
layer scaled(x, by: positive, often: count = 1) = x * by / often
net { a = x | scaled(0); b = x | scaled(1, often = 1.5); a + b | dense(outputs) }
loss huber
train { sgd(step_decay(0.1, steps = relu), momentum = 0.9) }
