# a bare metric is about every prediction, here one of classes
data { input x: [4]; target hot; target kind: class(3) }
net { predict hot = x | dense(outputs); predict kind = x | dense(outputs) }
loss huber(hot) + cross_entropy(kind)
train { adam; watch rmse; stop when val.hot.mea stalls 5 epochs }
