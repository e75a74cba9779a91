# Schedules: a number for each update, from `progress`, the share of the planned updates that is done,
# and `iteration`, which counts updates from 1.

schedule constant(value) = value

# `steps` levels of equal length, each `factor` times the one before. PyTorch `StepLR`, Keras `ExponentialDecay(staircase=True)`.
schedule step_decay(from, factor: positive = 0.1, steps: count = 3) = from * factor^floor(steps * progress)

# Loshchilov & Hutter 2017, without restarts. PyTorch `CosineAnnealingLR(eta_min=to)`.
schedule cosine(from, to) = to + (from - to) * (1 + cos(pi * progress)) / 2
