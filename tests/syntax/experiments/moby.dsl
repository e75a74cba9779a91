# moby.dsl - a character model                # text classification: `column body: words top 20_000 length 200`
data  { text "data/moby_dick.txt" characters window 64; split 90/5/5 in time }
net   { characters | embed(64) | lstm(128) | dense(outputs) }          # a prediction at every step
loss  cross_entropy
train { adam(2e-3); clip norm 1; batch 32; epochs 5; watch perplexity }
