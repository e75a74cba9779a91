# digits_cnn.dsl - images, augmentation, an own layer
data {
  npz "data/digits.npz" { image: [8, 8, 1] = x; digit = y }
  target digit
  split 70/15/15 stratified digit
  scale minmax 0..1
  augment { shift 1; rotate 10; zoom 0.9..1.1; blur 0..0.5 }        # training rows only, inside the compiled loop
}
layer block(x, channels) = x | conv(channels, 3x3) | batchnorm | relu
net {
  image | block(16) | block(16) | maxpool(2x2)
  | block(32) | dropout(30%)
  | flatten | dense(64) | relu | dense(outputs)
}
loss cross_entropy + 5e-4 * l2(weights)
train { sgd(cosine(0.1, 0.001), momentum = 0.9); batch 64; epochs 40; seed 1; stop when val.accuracy stalls 8 epochs; keep best }
