# several targets and one value
data { input x: [4]; target hot, cold }
net { x | dense(2) }
loss huber(hot) + huber(cold)
train { adam }
