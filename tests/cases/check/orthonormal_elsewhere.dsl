# a draw that only weights begin with
data { input x: [4]; target y: class(3) }
net { x + random_orthonormal([4]) | dense(outputs) }
loss cross_entropy
