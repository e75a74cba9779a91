# Schedules: a number for each update, from `progress`, the share of the planned updates that is done,
# from `iteration`, which counts updates from 1, `epoch`, from 0, and `stalled`, the epochs since the loss was lowest.

schedule constant(value) = value

# `steps` levels of equal length, each `factor` times the one before. PyTorch `StepLR`, Keras
# `ExponentialDecay(staircase=True)`.
schedule step_decay(from, factor: positive = 0.1, steps: count = 3) = from * factor^floor(steps * progress)

# By the same factor at each update, so that the run goes from `from` to `to`. PyTorch `ExponentialLR` with the gamma
# (to / from)^(1 / updates), Keras `ExponentialDecay(decay_steps=updates, decay_rate=to / from)`.
schedule exponential(from: positive, to: positive) = from * (to / from)^progress

# Loshchilov & Hutter 2017, without restarts. PyTorch `CosineAnnealingLR(eta_min=to)`.
schedule cosine(from, to) = to + (from - to) * (1 + cos(pi * progress)) / 2

# Rises in a straight line over the first `steps` updates to `value`, which may be a schedule itself: Goyal et al. 2017,
# section 2.2. `warmup(cosine(1e-3, 1e-5), 500)`. PyTorch `LinearLR(start_factor=1 / steps, total_iters=steps - 1)`.
schedule warmup(value, steps: count) = value * min(iteration / steps, 1)

# Up to the peak over the share `rise` of the run, then down to almost nothing: Smith & Topin 2019, "Super-convergence",
# there in straight lines, here in cosines as in PyTorch `OneCycleLR` (div_factor 25, final_div_factor 1e4, pct_start
# 0.3), which cycles the momentum too unless cycle_momentum=False. Keras has none.
schedule one_cycle(peak, from = peak / 25, to = from / 10_000, rise: share = 0.3) {
  require(rise > 0, "a cycle rises over a share above 0 of the run, not over {}", rise)
  up = from + (peak - from) * (1 - cos(pi * progress / rise)) / 2
  down = to + (peak - to) * (1 + cos(pi * (progress - rise) / (1 - rise))) / 2
  where(progress < rise, up, down)
}

# By `factor` whenever the loss has not been lower for more than `patience` epochs, on the validation rows if there are
# any. PyTorch `ReduceLROnPlateau(threshold=0)`, whose threshold is 1e-4 by default; Keras `ReduceLROnPlateau(min_delta=0)`
# waits one epoch less. `stalled` counts the epochs since the lowest loss, `last` is the epoch of the last fall.
schedule plateau(from, factor: share = 0.1, patience: count = 10, least = 0) {
  state last = 0
  state falls = 0
  due = min(stalled, epoch - last) > patience
  last <- where(due, epoch, last)
  falls <- where(due, falls + 1, falls)
  max(from * factor^falls, least)
}
