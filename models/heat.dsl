# Expect: the closed form exp(-a pi^2 t) sin(pi x) to one part in a thousand; a second.
#
# The heat equation u_t = a u_xx on a rod of length 1 that is as warm as sin(pi x) at first and cold at both ends, by a
# physics-informed network. Nothing is measured: a row is a point (x, t) at which the equation is to hold. `u` meets the
# start and the ends by its form, whatever the weights are (Lagaris et al. 1998, "Artificial neural networks for solving
# ordinary and partial differential equations"). `error` holds it against the closed form, which the loss does not see.
let a = 0.1

data {
  csv "data/heat.csv"
  split 90/10
}
net {
  x = inputs[0]
  t = inputs[1]
  free = concat(x, t) | dense(24) | tanh | dense(24) | tanh | dense(1)
  u = sin(pi * x) + t * x * (1 - x) * free
  u_t = derivative(u, t)
  u_xx = derivative(derivative(u, x), x)
  u
}
loss (u_t - a * u_xx)^2

metric error(prediction) lower = sqrt(mean((prediction - exp(-a * pi^2 * t) * sin(pi * x))^2 over examples))

train {
  adam(cosine(0.01, 0.0001))
  batch 64
  epochs 150
  watch error
}
