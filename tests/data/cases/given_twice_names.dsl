# task: classes
data {
  npz "files/images.npz" { a = x; a = y }
  target a
}
