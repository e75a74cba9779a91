# task: classes
data {
  npz "files/images.npz" { a = x; b: class(2) = y }
  target b: class(3)
}
