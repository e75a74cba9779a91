# a prediction belongs to the net
layer odd(x) { predict hot = x | dense(1) }
data { input x: [4]; target hot }
net { x | odd }
loss huber
train { adam }
