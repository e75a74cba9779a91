# Initializers: the first value of a weight of shape `shape`. `fan_in` and `fan_out` come from that shape:
# its last two axes times the product of those before them, or the only axis for both (as in Keras).

initializer zeros() = 0
initializer constant(value) = value
initializer uniform(low = -0.05, high = 0.05) = low + (high - low) * random_uniform(shape)
initializer normal(mean = 0, std = 0.05) = mean + std * random_normal(shape)

# Glorot & Bengio 2010, equation 16. Keras `GlorotUniform`, PyTorch `xavier_uniform_`.
initializer glorot_uniform(fan_in, fan_out) = uniform(-sqrt(6 / (fan_in + fan_out)), sqrt(6 / (fan_in + fan_out)))
# PyTorch `xavier_normal_`; Keras's draw is cut at two deviations.
initializer glorot_normal(fan_in, fan_out) = normal(0, sqrt(2 / (fan_in + fan_out)))

# He et al. 2015, equation 10. Keras `HeUniform` and `HeNormal` (cut at two deviations), PyTorch
# `kaiming_*_(nonlinearity="relu")`.
initializer he_uniform(fan_in) = uniform(-sqrt(6 / fan_in), sqrt(6 / fan_in))
initializer he_normal(fan_in) = normal(0, sqrt(2 / fan_in))

# LeCun et al. 1998, "Efficient BackProp", equation 16: variance 1 / fan_in. Keras `LecunUniform` and `LecunNormal` (cut
# at two deviations), PyTorch `kaiming_*_(nonlinearity="linear")`.
initializer lecun_uniform(fan_in) = uniform(-sqrt(3 / fan_in), sqrt(3 / fan_in))
initializer lecun_normal(fan_in) = normal(0, sqrt(1 / fan_in))

# Saxe, McClelland & Ganguli 2014, section 3: orthonormal columns, or rows where there are fewer, the axes before the last
# taken as one. Keras `Orthogonal`, PyTorch `orthogonal_`, which takes those after the first as one.
initializer orthogonal(gain = 1) = gain * random_orthonormal(shape)
