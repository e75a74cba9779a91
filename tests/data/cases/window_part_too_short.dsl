# task: classes
data {
  text "files/ishmael.txt" characters window 4
  split 80/10/10 in time
}
