# task: classes
data {
  npz "files/images.npz" { image: [3, 4] = x; y = y }
  target y
}
