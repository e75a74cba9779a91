# one fault, one error: the net predicts no `hott`
data { input x: [4]; target hot; target kind: class(3) }
net { predict hot = x | dense(outputs); predict kind = x | dense(outputs) }
loss huber(hot) + cross_entropy(kind)
train { adam; watch mae(hot); stop when val.hott.mae stalls 5 epochs }
