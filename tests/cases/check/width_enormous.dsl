# more weights than a model may have
data { input x: [4]; target y: class(3) }
net { x | dense(2_000_000_000) | dense(2_000_000_000) | dense(outputs) }
loss cross_entropy
train { adam }
