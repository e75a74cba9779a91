# Losses of one example. What is elementwise is averaged over the example's elements; the batch's loss is
# the weighted mean over its examples (Keras `sum_over_batch_size`, PyTorch `reduction="mean"`).
# `link` is what turns the raw prediction into what the loss speaks about; identity unless stated.

# Keras `MeanSquaredError`, PyTorch `MSELoss`.
loss squared_error(prediction, target) = (prediction - target)^2

# Keras `MeanAbsoluteError`, PyTorch `L1Loss`.
loss absolute_error(prediction, target) = abs(prediction - target)

# Huber 1964. Keras `Huber`, PyTorch `HuberLoss`.
loss huber(prediction, target, delta: positive = 1) {
  e = abs(prediction - target)
  where(e <= delta, 0.5 * e^2, delta * (e - 0.5 * delta))
}

# Cortes & Vapnik 1995, on two classes read as -1 and +1. Keras `Hinge`.
loss hinge(prediction, target: class(2)) {
  link none
  side = 2 * target - 1
  max(0, 1 - side * prediction)
}

# On two classes, from the raw prediction. Keras `BinaryCrossentropy(from_logits=True)`, PyTorch `BCEWithLogitsLoss`.
loss binary_cross_entropy(prediction, target: class(2)) {
  link sigmoid
  p = sigmoid(prediction)
  -(target * log(p) + (1 - target) * log(1 - p))
}

# On class ids, from raw predictions. Keras `SparseCategoricalCrossentropy(from_logits=True)`, PyTorch `CrossEntropyLoss`.
loss cross_entropy(prediction: [.., classes], target: class(classes)) {
  link softmax
  logsumexp(prediction) - prediction[target]
}

# From the target distribution to the predicted one, Kullback & Leibler 1951; 0 log 0 is 0. Keras `KLDivergence` of
# softmax(prediction); PyTorch `KLDivLoss(reduction="batchmean")` of log_softmax(prediction).
loss kl_divergence(prediction: [.., classes], target: [.., classes]) {
  link softmax
  surprise = log(where(target > 0, target, 1)) - log_softmax(prediction)
  sum(target * surprise over classes)
}

# Penalties on a tensor, or on every tensor of a list such as `weights`: the sum of sizes, the sum of squares.
# Keras `L1` and `L2`. PyTorch's weight_decay = 2 * a under plain sgd for a * l2(weights).
loss l1(t) = sum(abs(t))
loss l2(t) = sum(t^2)
