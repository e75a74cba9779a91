# what later versions build
data { input x: [4]; target y: class(3) }
use "layers.dsl"
layer scanned(x: [k]) { state s: [k] = 0;  x }
net { x | scanned | batchnorm | dense(outputs) }
loss cross_entropy
train { adam; clip norm 1; freeze body; prune 50% of body; watch f1 }
