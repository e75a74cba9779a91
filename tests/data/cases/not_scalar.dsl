# task: classes
data {
  npz "files/images.npz"
  target pair
  class_weight balanced
}
