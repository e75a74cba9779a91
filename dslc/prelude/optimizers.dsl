# Optimizers: one update of one parameter `weight` from its gradient `grad`. A state is a tensor of the
# parameter's shape unless it states its own; `iteration` counts updates from 1; a later line sees what an
# earlier one updated.

# Cauchy 1847: the whole training part for every update, unless the train block says otherwise.
optimizer gradient_descent(rate: positive = 0.01) {
  batch all
  weight <- weight - rate * grad
}

# Stochastic gradient descent, with Polyak's momentum if asked for. PyTorch `SGD`; Keras `SGD` scales the
# velocity by the rate, which is the same while the rate stands still.
optimizer sgd(rate: positive = 0.01, momentum: share = 0) {
  state v = 0
  v <- if momentum == 0 then v else momentum * v + grad
  weight <- weight - rate * (if momentum == 0 then grad else v)
}

# Polyak 1964, heavy ball. PyTorch `SGD(momentum=beta)`.
optimizer momentum(rate: positive = 0.01, beta: share = 0.9) {
  state v = 0
  v <- beta * v + grad
  weight <- weight - rate * v
}

# Nesterov 1983 in the form of Sutskever et al. 2013. PyTorch `SGD(momentum=beta, nesterov=True)`.
optimizer nesterov(rate: positive = 0.01, beta: share = 0.9) {
  state v = 0
  v <- beta * v + grad
  weight <- weight - rate * (grad + beta * v)
}

# Duchi, Hazan & Singer 2011. PyTorch `Adagrad`.
optimizer adagrad(rate: positive = 0.01, eps = 1e-10) {
  state s = 0
  s <- s + grad^2
  weight <- weight - rate * grad / (sqrt(s) + eps)
}

# Zeiler 2012, algorithm 1: each step is as long as steps were before, measured by gradients as they were before.
# PyTorch `Adadelta(rho=decay)`; Keras `Adadelta` has the rate 1e-3, rho 0.95 and epsilon 1e-7.
optimizer adadelta(rate: positive = 1, decay: share = 0.9, eps = 1e-6) {
  state s = 0
  state d = 0
  s <- decay * s + (1 - decay) * grad^2
  change = sqrt(d + eps) / sqrt(s + eps) * grad
  d <- decay * d + (1 - decay) * change^2
  weight <- weight - rate * change
}

# Tieleman & Hinton 2012, lecture 6e. PyTorch `RMSprop(alpha=decay)`, whose default decay is 0.99.
optimizer rmsprop(rate: positive = 1e-3, decay: share = 0.9, eps = 1e-8) {
  state s = 0
  s <- decay * s + (1 - decay) * grad^2
  weight <- weight - rate * grad / (sqrt(s) + eps)
}

# Kingma & Ba 2015, algorithm 1. PyTorch `Adam`; Keras `Adam` has eps 1e-7 inside the bias correction.
optimizer adam(rate: positive = 1e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-8) {
  state m = 0
  state v = 0
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  weight <- weight - rate * (m / (1 - beta1^iteration)) / (sqrt(v / (1 - beta2^iteration)) + eps)
}

# Loshchilov & Hutter 2019, algorithm 2, with the decay scaled by the rate. PyTorch `AdamW(weight_decay=decay)`.
optimizer adamw(rate: positive = 1e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-8, decay = 0.01) {
  state m = 0
  state v = 0
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  weight <- (weight - rate * (m / (1 - beta1^iteration)) / (sqrt(v / (1 - beta2^iteration)) + eps)
    - rate * decay * weight)
}

# Kingma & Ba 2015, algorithm 2: Adam by the largest gradient instead of the mean square. PyTorch `Adamax`, which adds
# eps to the gradient's size; Keras `Adamax` adds it to u (epsilon 1e-7, rate 1e-3).
optimizer adamax(rate: positive = 2e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-8) {
  state m = 0
  state u = 0
  m <- beta1 * m + (1 - beta1) * grad
  u <- max(beta2 * u, abs(grad) + eps)
  weight <- weight - rate / (1 - beta1^iteration) * m / u
}

# Dozat 2016, "Incorporating Nesterov momentum into Adam": the momentum mu rises to beta1, and `past` is the product of
# all so far. PyTorch `NAdam`; Keras `Nadam` has momentum_decay 1, epsilon 1e-7 and rate 1e-3.
optimizer nadam(
  rate: positive = 2e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-8, momentum_decay: positive = 4e-3
) {
  state m = 0
  state v = 0
  state past: [] = 1
  mu = beta1 * (1 - 0.5 * 0.96^(iteration * momentum_decay))
  next_mu = beta1 * (1 - 0.5 * 0.96^((iteration + 1) * momentum_decay))
  past <- past * mu
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  ahead = next_mu * m / (1 - past * next_mu) + (1 - mu) * grad / (1 - past)
  weight <- weight - rate * ahead / (sqrt(v / (1 - beta2^iteration)) + eps)
}

# Reddi, Kale & Kumar 2018, algorithm 2, with Adam's correction of the bias: no large gradient is ever forgotten.
# PyTorch `Adam(amsgrad=True)`; Keras `Adam(amsgrad=True)` has eps 1e-7 inside the bias correction.
optimizer amsgrad(rate: positive = 1e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-8) {
  state m = 0
  state v = 0
  state largest_v = 0
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  largest_v <- max(largest_v, v)
  weight <- weight - rate * (m / (1 - beta1^iteration)) / (sqrt(largest_v / (1 - beta2^iteration)) + eps)
}

# Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2: only the sign counts, so that the rate
# is a third to a tenth of Adam's. Keras `Lion(weight_decay=decay)`, whose rate is 1e-3; PyTorch has none.
optimizer lion(rate: positive = 1e-4, beta1: share = 0.9, beta2: share = 0.99, decay = 0) {
  state m = 0
  weight <- weight - rate * (sign(beta1 * m + (1 - beta1) * grad) + decay * weight)
  m <- beta2 * m + (1 - beta2) * grad
}

# You et al. 2020, algorithm 2: a step of AdamW, made as long as the rate times the parameter itself. Where either has
# no length, as a bias at first, it is not scaled. Keras `Lamb` has epsilon 1e-7, and its weight_decay beside the step
# instead of in it; PyTorch has none.
optimizer lamb(rate: positive = 1e-3, beta1: share = 0.9, beta2: share = 0.999, eps = 1e-6, decay = 0.01) {
  state m = 0
  state v = 0
  m <- beta1 * m + (1 - beta1) * grad
  v <- beta2 * v + (1 - beta2) * grad^2
  change = (m / (1 - beta1^iteration)) / (sqrt(v / (1 - beta2^iteration)) + eps) + decay * weight
  length = sqrt(sum(weight^2))
  change_length = sqrt(sum(change^2))
  trust = where(length > 0 and change_length > 0, length / change_length, 1)
  weight <- weight - rate * trust * change
}
