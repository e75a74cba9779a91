# ranks belong to metrics
data { input x: [4]; target y: class(2) }
net { x | dense(outputs) }
loss binary_cross_entropy + tail_sum(prediction, prediction)
train { adam; watch accuracy }
