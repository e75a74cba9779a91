# Layers: functions of one example's tensor that may own weights. Weights are [in, out].

# Keras `Dense`; PyTorch `Linear` with its weight transposed.
layer dense(x: [.., fan_in], units: count, bias: switch = true) {
  weight w: [fan_in, units] = glorot_uniform
  weight b: [units] = 0 if bias
  x @ w + b
}

# All axes of an example as one, row-major. Keras and PyTorch `Flatten`.
layer flatten(x) = reshape(x, count(x))

# Inverted dropout: Srivastava et al. 2014, scaled while training so that prediction is the plain net.
# Keras and PyTorch `Dropout`.
layer dropout(x, share: share) = if training then where(random_uniform(shape(x)) < share, 0, x / (1 - share)) else x

# A leaky relu whose slope is trained, one for each channel: He et al. 2015, "Delving deep into rectifiers".
# PyTorch `PReLU(num_parameters=c)`; Keras `PReLU` with the leading axes shared and slopes starting at 0.
layer prelu(x: [.., c]) {
  weight slope: [c] = 0.25
  where(x > 0, x, slope * x)
}

# A filter slides over an image: filters are [rows, columns, channels, filters], images channels last. `same` pads with
# zeros to ceil(n / stride) places, the odd one at the end; without it windows stay inside. Keras `Conv2D` with padding
# "same" or "valid"; PyTorch `Conv2d`, channels first, pads both ends alike.
layer conv(x: [h, w, c], filters: count, size = 3x3, stride: count = 1, same: switch = true, bias: switch = true) {
  weight k: [size[0], size[1], c, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  rows = if same then (h + stride - 1) // stride else (h - size[0]) // stride + 1
  cols = if same then (w + stride - 1) // stride else (w - size[1]) // stride + 1
  top = if same then max((rows - 1) * stride + size[0] - h, 0) // 2 else 0
  left = if same then max((cols - 1) * stride + size[1] - w, 0) // 2 else 0
  y[i: rows, j: cols, f] = sum((x[i * stride + u - top, j * stride + v - left, ch] or 0) * k[u, v, ch, f] over u, v, ch)
  y + b
}

# The greatest of each window; windows do not overlap, and what is left at the end is not read.
# Keras `MaxPooling2D`; PyTorch `MaxPool2d`.
layer maxpool(x: [h, w, c], size = 2x2) {
  y[i: h // size[0], j: w // size[1], ch] = max(x[i * size[0] + u, j * size[1] + v, ch] over u: size[0], v: size[1])
  y
}
