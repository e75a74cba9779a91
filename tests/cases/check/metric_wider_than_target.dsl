# a metric of values gets two for one
data { input x: [4]; target y: [] }
net { x | dense(8) | relu | dense(2) }
loss spread(prediction: [2], target) = (prediction - target)^2
loss spread
train { adam; watch mae }
