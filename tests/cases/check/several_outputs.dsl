# the width of which target
data { input x: [4]; target hot, cold }
net { trunk = x | dense(outputs); predict hot = trunk | dense(1); predict cold = trunk | dense(1) }
loss huber(hot) + huber(cold)
train { adam }
