# `h` only reads what `body` made
data { input x: [4]; target y: class(3) }
net { body = x | dense(8);  h = relu(body);  h | dense(outputs) }
loss cross_entropy
train { freeze h }
