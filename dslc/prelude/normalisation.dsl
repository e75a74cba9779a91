# Normalisation: mean 0 and variance 1 over some axes, then a scale and an offset that are trained, one for each channel.

# Over the batch and all places: Ioffe & Szegedy 2015, algorithm 1. In prediction the moments are running averages, of
# which `momentum` is kept at each update. Keras `BatchNormalization` (momentum 0.99, epsilon 1e-3); PyTorch `BatchNorm`,
# whose momentum is 1 - ours and whose running variance is n / (n - 1) times ours.
layer batchnorm(x: [.., c], momentum: share = 0.9, eps: positive = 1e-5) {
  weight scale: [c] = 1
  weight offset: [c] = 0
  state running_mean: [c] = 0
  state running_variance: [c] = 1
  running_mean <- momentum * running_mean + (1 - momentum) * mean(x over batch, ..)
  running_variance <- momentum * running_variance + (1 - momentum) * batch_variance(x)
  y = if training then batch_standardized(x, eps) else (x - running_mean) / sqrt(running_variance + eps)
  scale * y + offset
}

# The mean square distance from the mean, of each channel over the batch and all places.
layer batch_variance(x: [.., c]) = mean((x - mean(x over batch, ..))^2 over batch, ..)

# Mean 0 and variance 1 over the batch and all places. The two moments have a part in the gradient: Ioffe & Szegedy,
# section 3, in fewer steps.
layer batch_standardized(x: [.., c], eps: positive = 1e-5) {
  gradient x = (grad - mean(grad over batch, ..) - y * mean(grad * y over batch, ..)) / deviation
  deviation = sqrt(batch_variance(x) + eps)
  y = (x - mean(x over batch, ..)) / deviation
  y
}

# Over an example's channels: Ba, Kiros & Hinton 2016. Keras `LayerNormalization` (epsilon 1e-3), PyTorch `LayerNorm(c)`.
layer layernorm(x: [.., c], eps: positive = 1e-5) {
  weight scale: [c] = 1
  weight offset: [c] = 0
  centred = x - mean(x over c)
  scale * centred / sqrt(mean(centred^2 over c) + eps) + offset
}

# Over an example's places: Ulyanov, Vedaldi & Lempitsky 2016. Keras `GroupNormalization(groups=-1)`, PyTorch
# `InstanceNorm(affine=True)`.
layer instancenorm(x: [.., c], eps: positive = 1e-5) {
  weight scale: [c] = 1
  weight offset: [c] = 0
  centred = x - mean(x over ..)
  scale * centred / sqrt(mean(centred^2 over ..) + eps) + offset
}

# Over an example's places and groups of neighbouring channels: Wu & He 2018. Keras `GroupNormalization` (epsilon 1e-3),
# PyTorch `GroupNorm`.
layer groupnorm(x: [.., c], groups: count = 8, eps: positive = 1e-5) {
  require(c // groups * groups == c, "{} channels do not fall into {} groups", c, groups)
  weight scale: [c] = 1
  weight offset: [c] = 0
  parts = reshape(x, count(x) // c, groups, c // groups)
  scale * reshape(standardized(parts, eps), shape(x)) + offset
}

# Mean 0 and variance 1 over the first and the last axis.
activation standardized(x: [n, g, k], eps: positive = 1e-5) {
  centred = x - mean(x over n, k)
  centred / sqrt(mean(centred^2 over n, k) + eps)
}

# By the root of the mean square over an example's channels: Zhang & Sennrich 2019. Keras `RMSNormalization`, PyTorch
# `RMSNorm(c, eps)`.
layer rmsnorm(x: [.., c], eps: positive = 1e-6) {
  weight scale: [c] = 1
  scale * x / sqrt(mean(x^2 over c) + eps)
}
