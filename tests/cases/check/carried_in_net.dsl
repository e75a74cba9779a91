# what is carried is for the loss
data { input x: [4]; input amount: [1]; target y; carry amount }
net { x * amount | dense(outputs) }
loss huber * amount
train { adam }
