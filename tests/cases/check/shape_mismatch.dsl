# two branches whose widths differ
data { input x: [4]; target y: class(3) }
net {
  a = x | dense(8)
  b = x | dense(16)
  a + b | relu | dense(outputs)
}
loss cross_entropy
train { adam }
