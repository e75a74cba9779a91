# `dslc bench lenet`: LeNet-5 (LeCun et al. 1998) with ReLU and max pooling, momentum, batches of 64.
data { input x: [28, 28, 1]; target y: class(10) }
net {
  x | conv(6, 5x5) | relu | maxpool(2x2)
  | conv(16, 5x5, padding = valid) | relu | maxpool(2x2)
  | flatten | dense(120) | relu | dense(84) | relu | dense(outputs)
}
loss cross_entropy
train { momentum(0.01); batch 64; epochs 1; seed 0; health false }
