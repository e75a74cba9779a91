# a softmax decides for the likeliest class
data { input x: [4]; target y: class(3) }
net { x | dense(outputs) }
loss cross_entropy
train { adam; threshold best f1 }
