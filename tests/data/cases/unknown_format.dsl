# task: classes
data {
  npx "files/images.npz"
  target y
}
