# task: classes
data {
  text "files/ishmael.txt" characters window 4
  split 80/20
}
