# two predictions that a threshold decides, and one that none does
data { input x: [4]; target a: class(2); target b: class(2); target c }
net {
  h = x | dense(8) | relu
  predict a = h | dense(outputs)
  predict b = h | dense(outputs)
  predict c = h | dense(outputs)
}
loss binary_cross_entropy(a) + binary_cross_entropy(b) + huber(c)
train { adam; threshold best f1 }
