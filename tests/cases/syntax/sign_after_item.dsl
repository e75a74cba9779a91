loss = cross_entropy
net: { x }
train = adam
