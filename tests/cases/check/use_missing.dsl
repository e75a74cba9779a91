# a file that is not there, and one beside it
data { input x: [4]; target y }
use "used/layer.dsl"
net { x | block(3) | dense(1) }
loss squared_error
train { adam }
