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

# The logarithm of the error's hyperbolic cosine: e^2 / 2 near 0, |e| - log 2 far out. Keras `LogCosh`.
loss log_cosh(prediction, target) {
  e = prediction - target
  log((exp(e) + exp(-e)) / 2)
}

# The q-th quantile of the targets minimises it: Koenker & Bassett 1978. With q = 0.5 half the absolute error.
# scikit-learn `mean_pinball_loss(alpha=q)`; neither Keras nor PyTorch has it.
loss pinball(prediction, target, q: share = 0.5) = max(q * (target - prediction), (q - 1) * (target - prediction))

# Counts from the logarithm of their rate, up to log(target!): McCullagh & Nelder 1989, chapter 6. PyTorch
# `PoissonNLLLoss(log_input=True, full=False)`; Keras `Poisson` of exp(prediction), where it has no epsilon.
loss poisson(prediction, target) = exp(prediction) - target * prediction

# Values whose mean and logarithm of the variance are predicted, [.., 2] in this order, up to log(2 pi) / 2:
# Nix & Weigend 1994. PyTorch `GaussianNLLLoss(full=False)` of the mean and exp(log_variance), where it does not clamp.
loss gaussian_nll(prediction: [.., 2], target) {
  expected = prediction[.., 0]
  log_variance = prediction[.., 1]
  require(count(expected) == count(target), "{} values of the target meet {} means", count(target), count(expected))
  0.5 * (log_variance + (target - expected)^2 * exp(-log_variance))
}

# 1 less the cosine of the angle between both; a square of a length is `eps` at least, so that 0 has an angle.
# Keras `CosineSimilarity`, which is less by 1; PyTorch `CosineEmbeddingLoss` of pairs that match, which adds eps.
loss cosine(prediction: [.., c], target: [.., c], eps: positive = 1e-12) {
  lengths = sqrt(max(sum(prediction^2 over c), eps) * max(sum(target^2 over c), eps))
  1 - sum(prediction * target over c) / lengths
}

# Cortes & Vapnik 1995, on two classes read as -1 and +1. Keras `Hinge`.
loss hinge(prediction, target: class(2)) {
  link none
  side = 2 * target - 1
  max(0, 1 - side * prediction)
}

# Its square, the L2-SVM of Tang 2013, section 2.1. Keras `SquaredHinge`, scikit-learn `LinearSVC`.
loss squared_hinge(prediction, target: class(2)) {
  link none
  side = 2 * target - 1
  max(0, 1 - side * prediction)^2
}

# On two classes, from the raw prediction. Keras `BinaryCrossentropy(from_logits=True)`, PyTorch `BCEWithLogitsLoss`.
loss binary_cross_entropy(prediction, target: class(2)) {
  link sigmoid
  p = sigmoid(prediction)
  -(target * log(p) + (1 - target) * log(1 - p))
}

# On class ids, from raw predictions. Keras `SparseCategoricalCrossentropy(from_logits=True)`, PyTorch
# `CrossEntropyLoss`. A share `smoothing` of the target is spread over all classes: Szegedy et al. 2016, section 7;
# `label_smoothing` of Keras's `CategoricalCrossentropy` and of PyTorch.
loss cross_entropy(prediction: [.., classes], target: class(classes), smoothing: share = 0) {
  link softmax
  logsumexp(prediction) - (1 - smoothing) * prediction[target] - smoothing * mean(prediction over classes)
}

# On target distributions, from raw predictions: kl_divergence and the target's own entropy. Keras
# `CategoricalCrossentropy(from_logits=True)`, PyTorch `CrossEntropyLoss` on probabilities of the classes.
loss soft_cross_entropy(prediction: [.., classes], target: [.., classes]) {
  link softmax
  -sum(target * log_softmax(prediction) over classes)
}

# From the target distribution to the predicted one, Kullback & Leibler 1951; 0 log 0 is 0. Keras `KLDivergence` of
# softmax(prediction); PyTorch `KLDivLoss(reduction="batchmean")` of log_softmax(prediction).
loss kl_divergence(prediction: [.., classes], target: [.., classes]) {
  link softmax
  surprise = log(where(target > 0, target, 1)) - log_softmax(prediction)
  sum(target * surprise over classes)
}

# Cross entropy, less of it where the true class is likely already: Lin et al. 2017, equation 4. From gamma = 1 on its
# gradient is finite everywhere. On class ids, from raw predictions. Keras
# `CategoricalFocalCrossentropy(alpha=1, from_logits=True)`; another alpha is `class_weight` of the data.
loss focal(prediction: [.., classes], target: class(classes), gamma: positive = 2) {
  link softmax
  p = softmax(prediction)
  log_p = log(p)
  -(1 - p[target])^gamma * log_p[target]
}

# The same on two classes. Keras `BinaryFocalCrossentropy(from_logits=True)`, torchvision
# `sigmoid_focal_loss(alpha=-1)`.
loss binary_focal(prediction, target: class(2), gamma: positive = 2) {
  link sigmoid
  p = sigmoid(prediction)
  -(target * (1 - p)^gamma * log(p) + (1 - target) * p^gamma * log(1 - p))
}

# How little two masks overlap, all places of an example together: Milletari et al. 2016, section 3. From the raw
# prediction of each place; with `eps` empty masks agree. MONAI `DiceLoss(sigmoid=True, squared_pred=True)`, whose
# smooth_nr and smooth_dr are eps; Keras `Dice` of sigmoid(prediction) takes no squares.
loss dice(prediction, target: class(2), eps: positive = 1e-7) {
  link sigmoid
  p = sigmoid(prediction)
  1 - (2 * sum(p * target) + eps) / (sum(p^2) + sum(target^2) + eps)
}

# Of two codes: how far apart they are if they belong together, how much less than `margin` if they do not. Hadsell, Chopra
# & LeCun 2006, equation 4, without its halves. The net ends in what decides: above 0 where they belong together.
loss contrastive(first: [.., c], second: [.., c], target: class(2), margin: positive = 1) {
  link none
  square = sum((first - second)^2 over c)
  target * square + (1 - target) * max(0, margin - sqrt(max(square, 1e-12)))^2
}

# The positive is to be nearer to the anchor than the negative, by `margin`: Schroff, Kalenichenko & Philbin 2015, with
# distances as PyTorch `TripletMarginLoss` has them, which adds an eps to differences.
loss triplet(anchor: [.., c], positive: [.., c], negative: [.., c], margin: positive = 1) {
  near = sqrt(max(sum((anchor - positive)^2 over c), 1e-12))
  far = sqrt(max(sum((anchor - negative)^2 over c), 1e-12))
  max(0, near - far + margin)
}

# Penalties on a tensor, or on every tensor of a list such as `weights`: the sum of sizes, the sum of squares.
# Keras `L1` and `L2`. PyTorch's weight_decay = 2 * a under plain sgd for a * l2(weights).
loss l1(t) = sum(abs(t))
loss l2(t) = sum(t^2)
