# task: shares
data {
  npz "files/images.npz" { image = x }
  reconstruct image
  scale minmax 2..3
}
