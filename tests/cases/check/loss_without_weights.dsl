# a loss that reaches no weight
data { input x: [4]; input amount: [1]; target y; carry amount }
net { x | dense(outputs) }
loss sum(amount)
train { adam }
