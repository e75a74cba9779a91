# a setting that a let states is told with its value
let start = -1.5
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam; seed start; health start }
