# a file that does not parse
data { input x: [4]; target y }
use "used/unread.dsl"
net { x | block | dense(1) }
loss squared_error
train { adam }
