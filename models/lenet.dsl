# Expect: LeNet-5 (LeCun et al. 1998, with relu and maxima) on images of 28x28 pixels, named on the command line:
# `dslc train lenet.dsl --data fashion_mnist.npz`. On Fashion-MNIST, test accuracy above 0.88 after 5 epochs.
data {
  npz "images.npz" { image: [28, 28, 1] = x_train; class = y_train }
  target class
  split 80/10/10
  scale minmax 0..1
}

net {
  image | conv(6, 5) | relu | maxpool
  | conv(16, 5, padding = valid) | relu | maxpool
  | flatten | dense(120) | relu | dense(84) | relu | dense(outputs)
}

loss cross_entropy

train {
  adam(1e-3)
  batch 64
  epochs 5
  seed 1
  watch accuracy
}
