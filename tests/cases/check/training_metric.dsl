# training reports its loss alone
data { input x: [4]; target y }
net { x | dense(outputs) }
loss huber
train { adam; watch mae; stop when train.mae < 10; keep best train.mae }
