# a name of the file itself
data { input x: [4]; target y }
use "used/layers.dsl"
layer inner(x, units) = x | dense(units)
net { x | block(3) | inner(2) | dense(1) }
loss squared_error
train { adam }
