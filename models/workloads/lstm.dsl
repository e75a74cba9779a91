# `dslc bench lstm`: a language model of 64 tokens, an LSTM of 128 over 64 steps, Adam, batches of 32.
data { input token: [64] class(64); target y: [64] class(64) }
net { token | embed(64) | lstm(128) | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 32; epochs 1; seed 0; health false }
