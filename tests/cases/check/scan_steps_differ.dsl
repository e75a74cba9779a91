layer own(x: [time, c], y: [other, d]) { scan x, y over time { x + y } }
data { input x: [4, 3]; input z: [5, 3]; target y }
net { own(x, z) | flatten | dense(1) }
loss squared_error
train { adam }
