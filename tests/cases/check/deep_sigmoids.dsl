# sigmoids behind one another, some of them in a layer of the file's own; those side by side do not count
data { input x: [4]; target y: class(3) }
layer block(x, units) = x | dense(units) | sigmoid
net {
  side = x | block(8)
  deep = x | block(8) | block(8) | dense(8) | sigmoid
  deep + side | dense(outputs)
}
loss cross_entropy
train { adam }
