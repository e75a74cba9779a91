# a file that is more than definitions
data { input x: [4]; target y }
use "used/experiment.dsl"
net { x | block | dense(1) }
loss squared_error
train { adam }
