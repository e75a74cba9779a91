# a value in the middle of a block
data { input x: [4]; target y: class(3) }
net {
  x | dense(8)
  x | dense(outputs)
}
loss cross_entropy
train { adam }
