# task: classes
data {
  npz "files/images.npz"
  target pair
}
