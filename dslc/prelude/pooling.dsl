# Pooling: what a window over an image, or all of it, has in each channel. Windows do not overlap unless `stride` says so;
# with `valid` what is left at the end is not read, with other padding nothing of it counts.

# The greatest. Keras `MaxPooling2D`, PyTorch `MaxPool2d`.
layer maxpool(x: [h, w, c], size: size(2) = 2x2, stride: size(2) = size, padding: padding(2) = valid) {
  rows = window_count(h, size[0], stride[0], padding, 0)
  cols = window_count(w, size[1], stride[1], padding, 1)
  top = window_start(h, size[0], stride[0], padding, 0)
  left = window_start(w, size[1], stride[1], padding, 1)
  y[i: rows, j: cols, ch] = max(
    (x[i * stride[0] + u - top, j * stride[1] + v - left, ch] or -inf) over u: size[0], v: size[1]
  )
  y
}

# The least.
layer minpool(x: [h, w, c], size: size(2) = 2x2, stride: size(2) = size, padding: padding(2) = valid) {
  rows = window_count(h, size[0], stride[0], padding, 0)
  cols = window_count(w, size[1], stride[1], padding, 1)
  top = window_start(h, size[0], stride[0], padding, 0)
  left = window_start(w, size[1], stride[1], padding, 1)
  y[i: rows, j: cols, ch] = min(
    (x[i * stride[0] + u - top, j * stride[1] + v - left, ch] or inf) over u: size[0], v: size[1]
  )
  y
}

# The mean of the cells that are there. Keras `AveragePooling2D`, PyTorch `AvgPool2d(count_include_pad=False)`.
layer avgpool(x: [h, w, c], size: size(2) = 2x2, stride: size(2) = size, padding: padding(2) = valid) {
  rows = window_count(h, size[0], stride[0], padding, 0)
  cols = window_count(w, size[1], stride[1], padding, 1)
  top = window_start(h, size[0], stride[0], padding, 0)
  left = window_start(w, size[1], stride[1], padding, 1)
  cell = filled(1, h, w)
  total[i: rows, j: cols, ch] = sum(
    (x[i * stride[0] + u - top, j * stride[1] + v - left, ch] or 0) over u: size[0], v: size[1]
  )
  there[i: rows, j: cols, ch: c] = sum(
    (cell[i * stride[0] + u - top, j * stride[1] + v - left] or 0) over u: size[0], v: size[1]
  )
  total / there
}

# Over all places. Keras `GlobalMaxPooling2D`, PyTorch `AdaptiveMaxPool2d(1)`.
layer global_maxpool(x: [.., c]) = max(x over ..)

# Over all places. Keras `GlobalAveragePooling2D`, PyTorch `AdaptiveAvgPool2d(1)`.
layer global_avgpool(x: [.., c]) = mean(x over ..)
