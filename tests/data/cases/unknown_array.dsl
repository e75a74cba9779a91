# task: classes
data {
  npz "files/images.npz" { image = X; y = y }
  target y
}
