# Optimizers: one update of one parameter `weight` from its gradient `grad`. A state is a tensor of the
# parameter's shape; `iteration` counts updates from 1; a later line sees what an earlier one updated.

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
