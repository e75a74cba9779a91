# task: classes
data { text "files/ishmael.txt" characters window 0 windows 3 every 2 every 4 }
