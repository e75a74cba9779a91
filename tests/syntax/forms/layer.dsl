weight slope: [c] = 0.25;  where(x > 0, x, slope * x)
weight b: [units] = 0 if bias
weight b: [units] = 0 if bias and not frozen or causal
state mean: [c] = 0
mean <- 0.9 * mean + 0.1 * mean(x over batch)
y[i: rows, j: cols, f] = sum((x[i * stride + u - top, j * stride + v - left, ch] or 0) * k[u, v, ch, f] over u, v, ch)
y[i: rows] = max(x[i * 2 + u] or -inf over u)
y[i: rows, c] = max(x[i * 2 + u, c] or -inf over u: 2, v: size[0])
y = if training then m else mean
scan x over time { h }
scan x, mask over time reverse {
  state h: [units] = 0
  h <- tanh(x @ w + h @ u)
  final h
}
hs = scan x over time { state h = 0; h <- h + x; h }
approximate gradient x = grad * (abs(x) <= 1)
gradient x = grad * y
weight <- weight - rate * grad
state = 3
link = state | dense(3)
scan = scan x over time { x }
hs = scan x, mask over time reverse { final h }
x
