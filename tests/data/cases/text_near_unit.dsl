# task: classes
data { text "files/ishmael.txt" character window 4 }
