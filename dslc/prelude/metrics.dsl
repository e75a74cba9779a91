# Metrics of one example, averaged over examples by their weights; `mean(.. over examples)` takes the average itself.

# The share of right decisions: the likeliest class, a probability above one half, the sign.
metric accuracy(prediction, target) higher = decide(prediction) == target

metric mse(prediction, target) lower = (prediction - target)^2
metric mae(prediction, target) lower = abs(prediction - target)
metric rmse(prediction, target) lower = sqrt(mean((prediction - target)^2 over examples))
