# task: classes
data {
  csv "/etc/passwd"
  target species
}
