# Convolutions: a filter slides over the axes before the last one, which are the channels.
#
# `padding` is `same`, `valid` or the cells added at either end of each axis. `same` gives ceil(n / stride) windows and
# pads with what they need, the odd cell at the end; with `valid` windows stay inside.

# How many windows there are along an axis of n cells, where each reaches over so many of them.
activation window_count(n: count, reach: count, stride: count, padding = same, axis = 0) {
  added = if padding == same or padding == valid then 0 else 2 * padding[axis]
  require(padding == same or reach <= n + added, "a window over {} cells does not fit into {}", reach, n + added)
  if padding == same then (n + stride - 1) // stride else (n + added - reach) // stride + 1
}

# How many cells before the axis the first window begins.
activation window_start(n: count, reach: count, stride: count, padding = same, axis = 0) {
  needed = max((window_count(n, reach, stride, same, axis) - 1) * stride + reach - n, 0)
  if padding == same then needed // 2 else if padding == valid then 0 else padding[axis]
}

# Filters are [cells, channels, filters], sequences channels last. Keras `Conv1D`; PyTorch `Conv1d`, channels first.
layer conv1d(
  x: [n, c], filters: count, size: size(1) = 3, stride: size(1) = 1, padding: padding(1) = same, dilation: size(1) = 1,
  bias: switch = true
) {
  weight k: [size[0], c, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  reach = dilation[0] * (size[0] - 1) + 1
  places = window_count(n, reach, stride[0], padding, 0)
  start = window_start(n, reach, stride[0], padding, 0)
  y[i: places, f] = sum((x[i * stride[0] + u * dilation[0] - start, ch] or 0) * k[u, ch, f] over u, ch)
  y + b
}

# A filter slides over an image: filters are [rows, columns, channels, filters], images channels last. Keras `Conv2D`
# with padding "same" or "valid"; PyTorch `Conv2d`, channels first, which pads both ends alike.
layer conv(
  x: [h, w, c], filters: count, size: size(2) = 3x3, stride: size(2) = 1, padding: padding(2) = same,
  dilation: size(2) = 1, bias: switch = true
) {
  weight k: [size[0], size[1], c, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  high = dilation[0] * (size[0] - 1) + 1
  wide = dilation[1] * (size[1] - 1) + 1
  rows = window_count(h, high, stride[0], padding, 0)
  cols = window_count(w, wide, stride[1], padding, 1)
  top = window_start(h, high, stride[0], padding, 0)
  left = window_start(w, wide, stride[1], padding, 1)
  y[i: rows, j: cols, f] = sum(
    (x[i * stride[0] + u * dilation[0] - top, j * stride[1] + v * dilation[1] - left, ch] or 0) * k[u, v, ch, f]
    over u, v, ch
  )
  y + b
}

# Keras `Conv3D`; PyTorch `Conv3d`, channels first.
layer conv3d(
  x: [d, h, w, c], filters: count, size: size(3) = 3, stride: size(3) = 1, padding: padding(3) = same,
  dilation: size(3) = 1, bias: switch = true
) {
  weight k: [size[0], size[1], size[2], c, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  deep = dilation[0] * (size[0] - 1) + 1
  high = dilation[1] * (size[1] - 1) + 1
  wide = dilation[2] * (size[2] - 1) + 1
  slices = window_count(d, deep, stride[0], padding, 0)
  rows = window_count(h, high, stride[1], padding, 1)
  cols = window_count(w, wide, stride[2], padding, 2)
  front = window_start(d, deep, stride[0], padding, 0)
  top = window_start(h, high, stride[1], padding, 1)
  left = window_start(w, wide, stride[2], padding, 2)
  y[l: slices, i: rows, j: cols, f] = sum(
    (
      x[
        l * stride[0] + t * dilation[0] - front, i * stride[1] + u * dilation[1] - top,
        j * stride[2] + v * dilation[2] - left, ch
      ] or 0
    ) * k[t, u, v, ch, f]
    over t, u, v, ch
  )
  y + b
}

# Channels and filters in groups, each filter looking at the channels of its own group: Krizhevsky et al. 2012, section
# 3.2. Filters are [rows, columns, channels / groups, filters]. Keras `Conv2D(groups=)`, PyTorch `Conv2d(groups=)`.
layer grouped(
  x: [h, w, c], filters: count, groups: count, size: size(2) = 3x3, stride: size(2) = 1, padding: padding(2) = same,
  dilation: size(2) = 1, bias: switch = true
) {
  require(c // groups * groups == c, "{} channels do not fall into {} groups", c, groups)
  require(filters // groups * groups == filters, "{} filters do not fall into {} groups", filters, groups)
  each = c // groups
  made = filters // groups
  weight k: [size[0], size[1], each, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  high = dilation[0] * (size[0] - 1) + 1
  wide = dilation[1] * (size[1] - 1) + 1
  rows = window_count(h, high, stride[0], padding, 0)
  cols = window_count(w, wide, stride[1], padding, 1)
  top = window_start(h, high, stride[0], padding, 0)
  left = window_start(w, wide, stride[1], padding, 1)
  y[i: rows, j: cols, g: groups, f: made] = sum(
    (x[i * stride[0] + u * dilation[0] - top, j * stride[1] + v * dilation[1] - left, g * each + ch] or 0)
    * k[u, v, ch, g * made + f]
    over u, v, ch
  )
  reshape(y, rows, cols, filters) + b
}

# Each channel has filters of its own. Keras `DepthwiseConv2D(depth_multiplier=multiplier)`, PyTorch `Conv2d(groups=c)`.
layer depthwise(
  x: [h, w, c], multiplier: count = 1, size: size(2) = 3x3, stride: size(2) = 1, padding: padding(2) = same,
  dilation: size(2) = 1, bias: switch = true
) {
  x | grouped(c * multiplier, c, size, stride, padding, dilation, bias)
}

# What a convolution of this stride would have come from: each place of the image adds its filter to the result, places
# being `stride` cells apart there. `same` gives stride * n cells, `valid` (n - 1) * stride + size, and numbers cut that
# off at either end. Keras `Conv2DTranspose` (its `valid` where size >= stride), PyTorch `ConvTranspose2d`.
#
# Cell stride * m + p of the result gets from place m - t of the image what stands at stride * t + p of the filter.
layer conv_transpose(
  x: [h, w, c], filters: count, size: size(2) = 3x3, stride: size(2) = 2, padding: padding(2) = same,
  bias: switch = true
) {
  weight k: [size[0], size[1], c, filters] = glorot_uniform
  weight b: [filters] = 0 if bias
  top = if padding == same then max(size[0] - stride[0], 0) // 2 else if padding == valid then 0 else padding[0]
  left = if padding == same then max(size[1] - stride[1], 0) // 2 else if padding == valid then 0 else padding[1]
  rows = if padding == same then stride[0] * h else (h - 1) * stride[0] + size[0] - 2 * top
  cols = if padding == same then stride[1] * w else (w - 1) * stride[1] + size[1] - 2 * left
  require(min(rows, cols) > 0, "cutting off {} and {} cells at either end leaves nothing", top, left)
  high = (size[0] + stride[0] - 1) // stride[0]
  wide = (size[1] + stride[1] - 1) // stride[1]
  y[m: h + high, p: stride[0], n: w + wide, q: stride[1], f] = sum(
    (x[m - t, n - r, ch] or 0) * (k[stride[0] * t + p, stride[1] * r + q, ch, f] or 0)
    over t: high, r: wide, ch
  )
  whole = reshape(y, (h + high) * stride[0], (w + wide) * stride[1], filters)
  whole[top..top + rows, left..left + cols, ..] + b
}

# Every cell `size` times in each direction. Keras `UpSampling2D`, PyTorch `Upsample(scale_factor=)`: both nearest.
layer upsample(x: [h, w, c], size: size(2) = 2x2) {
  y[i: h, p: size[0], j: w, q: size[1], ch: c] = x[i, j, ch]
  reshape(y, h * size[0], w * size[1], c)
}

# Zeros around an image: so many rows above and below, and columns at either side. Keras `ZeroPadding2D`, PyTorch
# `ZeroPad2d`.
layer pad(x: [h, w, c], cells: margin(2) = 1) {
  y[i: h + 2 * cells[0], j: w + 2 * cells[1], ch: c] = x[i - cells[0], j - cells[1], ch] or 0
  y
}
