# a threshold with no part to choose it on
data { csv "two_classes.csv"; target sure; split 80/20 }
net { inputs | dense(outputs) }
loss binary_cross_entropy
train { adam; threshold best f1 }
