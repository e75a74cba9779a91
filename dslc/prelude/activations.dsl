# Activations: functions of one tensor, elementwise unless a trailing axis is named.
# Each is the textbook's formula; the compiler finds the stable form of exponentials by itself.

# 1 above 0, else 0. Its derivative is 0 almost everywhere, so training passes the gradient straight
# through where |x| <= 1 (Hubara et al. 2016, "Binarized neural networks", section 1.3).
activation step(x) {
  approximate gradient x = grad * (abs(x) <= 1)
  where(x > 0, 1, 0)
}

# A straight line. Keras `linear` and PyTorch `Identity` are the default.
activation linear(x, slope = 1, offset = 0) = slope * x + offset

# Keras and PyTorch `sigmoid`.
activation sigmoid(x) = 1 / (1 + exp(-x))

# A sigmoid of straight lines, 0 up to -3 and 1 from 3: Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
# Keras `hard_sigmoid` (0.2 * x + 0.5 inside before Keras 3), PyTorch `Hardsigmoid`.
activation hard_sigmoid(x) = relu6(x + 3) / 6

# Keras and PyTorch `tanh`.
activation tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

# Nair & Hinton 2010. Keras `relu`, PyTorch `ReLU`; the slope at 0 is 0.
activation relu(x) = max(x, 0)

# Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10". Keras `relu6`, PyTorch `ReLU6`.
activation relu6(x) = min(max(x, 0), 6)

# Maas et al. 2013. PyTorch `LeakyReLU` (slope 0.01); Keras's default slope is 0.3.
activation leaky_relu(x, slope = 0.01) = where(x > 0, x, slope * x)

# Clevert, Unterthiner & Hochreiter 2016, equation 15. Keras `elu`, PyTorch `ELU`.
activation elu(x, alpha = 1) = where(x > 0, x, alpha * (exp(x) - 1))

# Klambauer et al. 2017, equation 2; this scale and this alpha keep mean 0 and variance 1 where the weights before it
# are `lecun_normal`. Keras `selu`, PyTorch `SELU`.
activation selu(x) = 1.0507009873554805 * elu(x, alpha = 1.6732632423543772)

# Hendrycks & Gimpel 2016, the exact form. PyTorch `GELU`, Keras `gelu` (approximate=False).
activation gelu(x) = 0.5 * x * (1 + erf(x / sqrt(2)))

# Hendrycks & Gimpel 2016, the form with tanh. PyTorch `GELU(approximate="tanh")`, Keras `gelu` (approximate=True).
activation gelu_tanh(x) = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))

# Elfwing, Uchibe & Doya 2018; Ramachandran et al. 2017, "swish" with beta 1. Keras `silu`, PyTorch `SiLU`.
activation silu(x) = x * sigmoid(x)

# Its form of straight lines: Howard et al. 2019, section 5.2. Keras `hard_swish`, PyTorch `Hardswish`.
activation hard_swish(x) = x * hard_sigmoid(x)

# Misra 2019, equation 1. Keras `mish`, PyTorch `Mish`.
activation mish(x) = x * tanh(softplus(x))

# Dugas et al. 2001. Keras `softplus`, PyTorch `Softplus` (beta 1, no threshold).
activation softplus(x) = log(1 + exp(x))

# Bergstra et al. 2009; Glorot & Bengio 2010, section 3.3. Keras `softsign`, PyTorch `Softsign`.
activation softsign(x) = x / (1 + abs(x))

# log of the sum of exponentials over the last axis. PyTorch `logsumexp(dim=-1)`.
activation logsumexp(x: [.., c]) = log(sum(exp(x) over c))

# Over the last axis. Keras `softmax`, PyTorch `softmax(dim=-1)`.
activation softmax(x: [.., c]) = exp(x) / sum(exp(x) over c)

# Over the last axis. Keras `log_softmax`, PyTorch `log_softmax(dim=-1)`.
activation log_softmax(x: [.., c]) = x - log(sum(exp(x) over c))

# Half of the channels, each gated by one of the other half: Dauphin et al. 2017, equation 1. PyTorch `GLU(dim=-1)`.
activation glu(x: [.., c]) {
  require(c // 2 * 2 == c, "{} channels have no two halves", c)
  x[.., 0..c // 2] * sigmoid(x[.., c // 2..c])
}
