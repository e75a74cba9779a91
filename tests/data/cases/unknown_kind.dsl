# task: classes
data {
  input x: [8]
  target y: clas(3)
}
