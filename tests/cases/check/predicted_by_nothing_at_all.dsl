# a metric of a prediction that the net does not make
data { input x: [4] }
net { h = x | dense(2) }
loss mean(h^2)
train { adam; watch mae }
