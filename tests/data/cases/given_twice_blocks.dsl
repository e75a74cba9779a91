# task: classes
data { csv "files/plants.csv"; target species }
data { csv "files/plants.csv"; target sex }
