# a slip of the pen, and the same target twice
data { input x: [4]; target hot, cold }
net { predict hot = x | dense(1); predict hot = x | dense(1); predict colt = x | dense(1); predict cold = x | dense(1) }
loss huber(hot) + huber(cold)
train { adam }
