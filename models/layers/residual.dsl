# The residual block of He et al. 2016, for models that say: use "layers/residual.dsl"
layer unit(x, channels) = x | conv(channels, bias = false) | batchnorm | relu

layer block(x: [h, w, c]) {
  branch = unit(c) | conv(c, bias = false) | batchnorm
  x | residual(branch) | relu
}
