# csv.dsl - a table for `dslc bench csv`, which writes it: 29 columns of numbers and a target
data { csv "table.csv"; target y; split 70/15/15; scale zscore }
net { inputs | dense(16) | relu | dense(outputs) }
loss squared_error
train { adam(1e-3); batch 64; epochs 1 }
