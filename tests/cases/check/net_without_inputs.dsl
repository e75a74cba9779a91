# a prediction that no input reaches
data { input x: [4]; target y: [] }
net { 3 }
loss squared_error
train { adam }
