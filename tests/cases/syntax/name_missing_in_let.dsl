let 3 = 4
