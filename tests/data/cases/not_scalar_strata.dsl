# task: values
data {
  npz "files/images.npz"
  target y
  split 50/50 stratified pair
}
