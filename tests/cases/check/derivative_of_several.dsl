# a derivative is of one number per example
data { input x: [4]; target y: class(3) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy + sum(derivative(prediction, x)^2)
train { adam }
