# task: values
data { text "files/ishmael.txt" characters window 4 }
