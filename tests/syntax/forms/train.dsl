adam(rate)
adam
sgd(cosine(0.1, 0.001), momentum = 0.9)
adam(1e-5) on body
adam(1e-5) on body, head
minimize d over critic with adam(2e-4); minimize g over generator with adam(2e-4)
minimize d + 0.1 * l2(weights) over critic, encoder with adam
batch 32
batch all
epochs 200
epochs n
seed 7
clip norm 1
clip norm 1 each
clip value 5
stop when val.loss stalls 10 epochs; keep best
stop when val.accuracy stalls 8 epochs
stop when train.loss < 0.01
stop after 10 minutes
watch accuracy, f1
watch top_k(5), mae
freeze body
unfreeze body after 5 epochs
freeze body, head
prune 50%
prune 50% of body after 5 epochs
keep best val.accuracy
threshold best f1
shuffle false
batch 32; epochs 200
stop after 0.5 hours
stop after 20_000 updates
minimize d with adam
average 0.999
optimizer(0.1) on body
batch 3x3
keep best
