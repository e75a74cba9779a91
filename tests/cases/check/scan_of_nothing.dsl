layer own(x: [time, c], units: count) { scan x over time { state h: [units] = 0;  h <- h } }
data { input x: [4, 3]; target y }
net { x | own(3) | dense(1) }
loss squared_error
train { adam }
