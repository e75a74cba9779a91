# a metric that does not look at decisions
data { input x: [4]; target y: class(2) }
net { x | dense(outputs) }
loss binary_cross_entropy
train { adam; threshold best roc_auc }
