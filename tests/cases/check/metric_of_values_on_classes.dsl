# the mean squared error of ten scores and a class
data { input x: [4]; target y: class(10) }
net { x | dense(8) | relu | dense(outputs) }
loss cross_entropy
train { adam; watch accuracy, mse, rmse }
