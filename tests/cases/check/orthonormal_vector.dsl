# a vector has no columns
data { input x: [4]; target y: class(3) }
layer turned(x: [c]) { weight s: [c] = orthogonal;  s * x }
net { x | turned | dense(outputs) }
loss cross_entropy
