# Convolutions: the batch is last where windows slide, no tensor of windows is stored, bias and relu are those of the
# pooled values, and the gradient of pooling is one loop that reads which place of each window was the greatest.
let rate = 0.01
data { input x: [28, 28, 1]; target y: class(10) }
net {
  x | conv(6, 5x5) | relu | maxpool(2x2)
  | conv(16, 5x5, padding = valid) | relu | maxpool(2x2)
  | flatten | dense(120) | relu | dense(84) | relu | dense(outputs)
}
loss cross_entropy
train { momentum(rate); batch 64 }
