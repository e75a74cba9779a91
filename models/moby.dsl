# Expect: after five epochs 1.52 nats for a character of the validation part, and with `dslc generate` sentences that look
# like English from afar. Takes a few minutes.
data {
  text "data/moby_dick.txt" characters window 64 every 64
  split 90/5/5 in time
}
net { characters | embed(64) | lstm(256) | dense(outputs) }
loss cross_entropy
train {
  adam(cosine(5e-3, 1e-4))
  clip norm 1
  batch 16
  epochs 5
  watch perplexity
}
