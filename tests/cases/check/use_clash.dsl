# one name in two files
data { input x: [4]; target y }
use "used/layers.dsl"
use "used/other.dsl"
net { x | block(3) | dense(1) }
loss squared_error
train { adam }
