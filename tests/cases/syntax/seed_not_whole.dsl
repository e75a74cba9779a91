data { split 70/15/15 seed 1.5 }
