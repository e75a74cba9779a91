# task: classes
data {
  npz "files/images.npz" { image = x; digit: class(2) = pair }
  target digit
}
