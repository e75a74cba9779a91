# Layers: functions of one example's tensor that may own weights. Weights are [in, out].

# Keras `Dense`; PyTorch `Linear` with its weight transposed.
layer dense(x: [.., fan_in], units: count, bias: switch = true) {
  weight w: [fan_in, units] = glorot_uniform
  weight b: [units] = 0 if bias
  x @ w + b
}

# A vector for each class id: `token | embed(64)` is [.., 64]. Keras and PyTorch `Embedding`; the initial values are
# Keras's, those of PyTorch are normal(0, 1). `from` names a safetensors file of one tensor [classes, units] below the
# model file's folder, which training goes on from.
layer embed(ids: class(classes), units: count, from: text = "") {
  weight w: [classes, units] = if from == "" then uniform(-0.05, 0.05) else stored(from)
  w[ids, ..]
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

# Whole channels are dropped: Tompson et al. 2015. Keras `SpatialDropout2D`, PyTorch `Dropout2d`.
layer spatial_dropout(x: [.., c], share: share) {
  if training then where(random_uniform(c) < share, 0, x / (1 - share)) else x
}

# Noise of this standard deviation, while training. Keras `GaussianNoise`.
layer gaussian_noise(x, deviation: positive = 0.1) = x + deviation * random_normal(shape(x))

# What a layer adds to its input: He et al. 2016, equation 1.
layer residual(x, branch: layer) = x + branch(x)
