# names that keep their meaning
let outputs = 7
let pi = 3
data { input x: [4]; target weights: class(3) }
net { prediction = x | dense(8); prediction | dense(outputs) }
loss cross_entropy + l2(weights)
train { adam }
