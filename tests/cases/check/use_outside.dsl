# paths stay below the folder
data { input x: [4]; target y }
use "../x.dsl"
use "/etc/passwd"
use "used"
net { x | tanh | dense(1) }
loss squared_error
train { adam }
