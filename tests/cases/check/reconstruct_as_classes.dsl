# the values of an input are no classes to a loss without shares
data { input x: [6]; reconstruct x }
net { predict x = x | dense(outputs) }
loss squared_hinge(x)
