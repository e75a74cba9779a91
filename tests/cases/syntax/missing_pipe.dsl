net { x dense(8) | relu }
net {
  x relu
}
