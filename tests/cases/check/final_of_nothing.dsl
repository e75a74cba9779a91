layer own(x: [time, c]) { scan x over time { state h: [c] = 0;  h <- h + x;  final g } }
data { input x: [4, 3]; target y }
net { x | own | dense(1) }
loss squared_error
train { adam }
