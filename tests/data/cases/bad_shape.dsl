# task: classes
data {
  input x: [8, 0, 1.5]
  input z: [100_000, 100_000]
  input u: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
  target y: class(2)
}
