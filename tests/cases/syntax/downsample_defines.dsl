data {
  csv "a"
  downsample label = "no" to 1/4
}
