# nothing counts what stands only within a sum
data { input x: [4]; target y: class(3) }
layer shifted(x: [n]) { z[i] = x[i + 1] or 0;  z }
net { x | shifted | dense(outputs) }
loss cross_entropy
train { adam }
