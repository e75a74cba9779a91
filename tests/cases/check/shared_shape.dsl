# one instance on two shapes
data { input x: [4]; target y: class(3) }
net {
  encode = dense(8) | relu
  a = encode(x)
  b = encode(a)
  a + b | dense(outputs)
}
loss cross_entropy
train { adam }
