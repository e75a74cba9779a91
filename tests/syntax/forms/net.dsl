inputs | dense(width) | act | dropout(20%) | dense(outputs)
encode = dense(64) | relu
h = image | flatten | dense(128) | relu
z = mu + exp(log_var / 2) * random_normal([8])
predict image = decode(z)
inputs | repeat 4 block(8) | dense(outputs)
inputs | repeat depth block(8) | dense(outputs)
body = repeat 4 block(8) | relu
body = load "base.dslm" until flatten
body = load "base.dslm"
characters | embed(100, from = "vectors.safetensors") | lstm(32) | last | dense(outputs)
token = embed(100, from = "vectors.safetensors")
concat(a, b) | dense(1)
inputs | bidirectional(gru(64)) | residual(conv(16) | relu) | dense(outputs)
image | conv(16, 3x3, stride = 2x2, padding = same) | maxpool(2x2)
a + b | relu
-a^2 + b // 2 - c @ d
a[0] + b[.., 3] + c[1..4, 0]
(a | dense(3)) + (b | dense(3)) | relu
derivative(u, x) + stop_gradient(y)
weight = state | dense(3)
state | dense(3)
scan = time | last
test = keep + window
x | mean(over time) | dense(2)
time = in | dense(3)
`layer 3` = inputs | dense(3)
x = inputs
  | dense(3)   # a comment | with a bar
  # a whole line

  | relu
y = f(
  a,   # first
  b
)
hs = scan x over time { state h = 0; h <- h + x; h }
inputs | (dense(8) | relu) | dense(outputs)
inputs | repeat (2 * depth) block(8) | dense(1)
inputs | repeat 3 (dense(8) | relu) | dense(1)
x[0]
a = prediction[target] + size[0] // 2
predict = x | dense(1)
scan | dense(3)
load "base.dslm" until flatten | dense(3)
x = if a then b else if c then d else e
(if a then b else c) | relu
y = a <= b and not c == d or e != f
y = -x^-2^n
y = weight.norm + val.loss
final
