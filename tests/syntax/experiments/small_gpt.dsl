# a small GPT
layer gpt_block(x: [time, c], heads = 4) {
  a = x + attention(layernorm(x), heads, causal = true)
  a + (a | layernorm | dense(4 * c) | gelu | dense(c))
}
net { token = embed(128)
      token(characters) + positions(128) | repeat 4 gpt_block | layernorm | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 16; epochs 5; watch perplexity }
