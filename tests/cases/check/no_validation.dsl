# two shares, and no validation part
data { csv "rows.csv"; target y; split 80/20 }
net { inputs | dense(outputs) }
loss huber
train { adam; stop when val.loss stalls 5 epochs; keep best }
