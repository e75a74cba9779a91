# `dslc bench gpt`: 4 blocks of width 128 with 4 heads over 64 tokens (Radford et al. 2019), Adam, batches of 16.
layer block(x: [time, c]) {
  a = x + attention(layernorm(x), 4, causal = true)
  a + (a | layernorm | dense(4 * c) | gelu_tanh | dense(c))
}
data { input token: [64] class(64); target y: [64] class(64) }
net { look_up = embed(128); look_up(token) + positions(128) | repeat 4 block | layernorm | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 16; epochs 1; seed 0; health false }
