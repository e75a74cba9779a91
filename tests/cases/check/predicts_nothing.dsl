# a last value beside predictions
data { input x: [4]; target hot, cold }
net { predict hot = x | dense(1); predict cold = x | dense(1); x | dense(3) }
loss huber(hot) + huber(cold)
train { adam }
