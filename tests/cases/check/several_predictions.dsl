# a loss and names that do not say which prediction they are about
data { input x: [4]; target hot, cold }
net { predict hot = x | dense(outputs); predict cold = x | dense(outputs) }
loss huber + sum(prediction - target)
train { adam }
