# Layers over steps: [time, ..], one after another. The value is what every step gives; `last` takes the last of it.

# Elman 1990, with a tanh. Keras `SimpleRNN`; PyTorch `RNN` with its two biases added up.
layer rnn(x: [time, fan_in], units: count) {
  weight w: [fan_in, units] = glorot_uniform
  weight u: [units, units] = orthogonal
  weight b: [units] = 0
  scan x over time {
    state h: [units] = 0
    h <- tanh(x @ w + h @ u + b)
    h
  }
}

# Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, which begins open: its bias is 1. Keras `LSTM`;
# PyTorch `LSTM` with its two biases added up. The gates stand side by side: input, forget, cell, output.
layer lstm(x: [time, fan_in], units: count) {
  weight w: [fan_in, 4 * units] = glorot_uniform
  weight u: [units, 4 * units] = orthogonal
  weight b: [4 * units] = concat(filled(0, units), filled(1, units), filled(0, 2 * units))
  scan x over time {
    state h: [units] = 0
    state c: [units] = 0
    z = x @ w + h @ u + b
    i = sigmoid(z[0..units])
    f = sigmoid(z[units..2 * units])
    g = tanh(z[2 * units..3 * units])
    o = sigmoid(z[3 * units..4 * units])
    c <- f * c + i * g
    h <- o * tanh(c)
    h
  }
}

# Cho et al. 2014, in the form in which the reset gate comes after the product. Keras `GRU`; PyTorch `GRU`. The parts stand
# side by side: reset, update, new; the new one's share of h has a bias of its own.
layer gru(x: [time, fan_in], units: count) {
  weight w: [fan_in, 3 * units] = glorot_uniform
  weight u: [units, 3 * units] = orthogonal
  weight b: [3 * units] = 0
  weight b_new: [units] = 0
  scan x over time {
    state h: [units] = 0
    zx = x @ w + b
    zh = h @ u
    r = sigmoid(zx[0..units] + zh[0..units])
    z = sigmoid(zx[units..2 * units] + zh[units..2 * units])
    n = tanh(zx[2 * units..3 * units] + r * (zh[2 * units..3 * units] + b_new))
    h <- (1 - z) * n + z * h
    h
  }
}

# The last of all steps.
layer last(x: [time, c]) = x[time - 1, ..]

# The steps in the other order.
layer reverse(x: [time, c]) {
  y[t: time, k: c] = x[time - 1 - t, k]
  y
}

# Two layers of the same form, one from the first step to the last, one from the last to the first, side by side:
# Schuster & Paliwal 1997. Keras and PyTorch `Bidirectional`.
layer bidirectional(x: [time, c], inner: layer) {
  there = another(inner)
  back = another(inner)
  concat(there(x), reverse(back(reverse(x))))
}

# What each step takes from all steps, or with `causal` from those up to itself, by several heads: Vaswani et al. 2017,
# section 3.2. Query, key and value stand side by side in `w`. Keras and PyTorch `MultiheadAttention`.
layer attention(x: [time, c], heads: count = 4, causal: switch = false) {
  require(c // heads * heads == c, "{} channels do not fall into {} heads", c, heads)
  weight w: [c, 3 * c] = glorot_uniform
  weight b: [3 * c] = 0
  weight w_out: [c, c] = glorot_uniform
  weight b_out: [c] = 0
  z = x @ w + b
  q = reshape(z[.., 0..c], time, heads, c // heads)
  k = reshape(z[.., c..2 * c], time, heads, c // heads)
  v = reshape(z[.., 2 * c..3 * c], time, heads, c // heads)
  score[h: heads, i: time, j: time] = sum(q[i, h, e] * k[j, h, e] over e)
  scaled = score / sqrt(c // heads)
  at = index(time)
  to[i: time, j: time] = at[i]
  from[i: time, j: time] = at[j]
  p = softmax(if causal then where(from > to, -1e30, scaled) else scaled)
  o[i: time, h: heads, e: c // heads] = sum(p[h, i, j] * v[j, h, e] over j)
  reshape(o, time, c) @ w_out + b_out
}

# What a step's place adds to it, learned: `token(t) + positions(128)`. Radford et al. 2018, with GPT-2's deviation.
layer positions(x: [time, c], width: count) {
  weight w: [time, width] = normal(0, 0.02)
  w
}
