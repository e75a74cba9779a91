# what later versions build
data { input x: [4, 2]; target y: class(3) }
use "layers.dsl"
layer scanned(x: [time, k]) { hs = scan x over time { x };  hs }
net { x | scanned | lstm(3) | dense(outputs) }
loss cross_entropy
train { adam; watch confusion }
