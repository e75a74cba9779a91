layer own(x: [time, c], units: count) { scan x over time { state h: [units] = 0;  h <- x;  h } }
data { input x: [4, 3]; target y }
net { x | own(2) | flatten | dense(1) }
loss squared_error
train { adam }
