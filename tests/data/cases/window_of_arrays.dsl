# task: classes
data {
  npz "files/images.npz"
  window 4
}
