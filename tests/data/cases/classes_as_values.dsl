# task: values
data {
  input x: [8]
  target y: class(3)
}
