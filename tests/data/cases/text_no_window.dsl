# task: classes
data { text "files/ishmael.txt" characters }
