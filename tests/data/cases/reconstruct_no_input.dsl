# task: values
data {
  npz "files/images.npz" { image = x; digit = y }
  target digit
  ignore image
  reconstruct image
}
