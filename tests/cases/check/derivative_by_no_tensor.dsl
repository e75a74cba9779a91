# neither a number, nor a weight, nor a layer is what a net is differentiated by
data { input x: [4]; target y }
layer inner(x: [n]) { weight w: [n] = 1;  derivative(sum(w * x), w) }
net {
  a = derivative(sum(x^2), 3)
  b = derivative(sum(x^2), dense(3))
  c = derivative(3, x)
  x | inner | dense(1)
}
loss squared_error
train { adam }
