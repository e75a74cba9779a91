layer own(x: [time, c]) { weight w: [c] = 0;  scan x over time { state h: [c] = 0;  w <- x;  h } }
data { input x: [4, 3]; target y }
net { x | own | flatten | dense(1) }
loss squared_error
train { adam }
