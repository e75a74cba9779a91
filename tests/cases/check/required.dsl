# what a definition needs of its call: a window that fits, channels that fall into groups, two halves
data { input x: [8, 7, 3]; target y: class(3) }
layer halved(x: [h, w, c]) {
  require(w // 2 * 2 == w, "{} columns have no two halves", w)
  x[.., 0..w // 2, ..]
}
net {
  a = x | conv(4, 9, padding = valid)
  b = x | groupnorm(3) | groupnorm(2)
  c = x | glu
  d = x | grouped(4, 3)
  x | halved | flatten | dense(outputs)
}
loss cross_entropy
train { adam }
