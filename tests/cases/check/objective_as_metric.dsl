# an objective and a metric in one column
data { input x: [4]; target y }
net { x | dense(outputs) }
loss mae = huber
train { minimize mae with adam; watch mae }
