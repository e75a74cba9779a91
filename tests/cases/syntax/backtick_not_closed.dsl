data {
  target `Sale Price
  split 70/30
}
