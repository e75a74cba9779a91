# what later versions build
data { input x: [4, 2]; target y: class(3) }
use "layers.dsl"
net { x | flatten | dense(outputs) }
loss cross_entropy
train { adam; watch confusion }
