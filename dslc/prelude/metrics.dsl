# Metrics of one example, averaged over examples by their weights; `mean(.. over examples)` takes the average itself and
# `sum(.. over examples)` the sum of weight times value, of each element by itself, or with `..` of their mean:
# scikit-learn's `sample_weight`. An example of several steps counts as a whole.

# The part of a whole; 0 where there is none, as in scikit-learn (zero_division=0) and Keras.
activation share_of(part, whole) = where(whole == 0, 0, part / where(whole == 0, 1, whole))

# Of an example of several steps or cells, the share of each class.
activation per_class(x: [.., classes]) = mean(x over ..)

# Of two classes the second one's score; `target churn positive "yes"` says which that is. Of several the mean over those
# that are seen: average="macro" in scikit-learn and torchmetrics.
activation of_classes(score: [classes], seen: [classes]) = if classes == 2 then score[1] else share_of(sum(score),
  sum(seen > 0))

# The share of right decisions: the likeliest class, a probability above one half, the sign. scikit-learn
# `accuracy_score`, Keras `Accuracy`, torchmetrics `Accuracy(average="micro")`.
metric accuracy(prediction, target) higher = decide(prediction) == target

# Whether the true class is among the k likeliest; one as likely as the last of them counts. scikit-learn
# `top_k_accuracy_score`, Keras `SparseTopKCategoricalAccuracy`, torchmetrics `Accuracy(top_k=)`.
metric top_k(prediction: [.., classes], target: class(classes), k: count = 5) higher {
  own = sum(prediction * one_hot(target) over classes)
  sum(prediction > own over classes) < k
}

# The mean over classes of how many of each are decided rightly; a class without an example does not count.
# scikit-learn `balanced_accuracy_score`, torchmetrics `Accuracy(average="macro")`.
metric balanced_accuracy(prediction, target) higher {
  there = per_class(one_hot(target))
  hits = per_class(one_hot(target) * one_hot(decide(prediction), count(there)))
  all = sum(there over examples)
  share_of(sum(share_of(sum(hits over examples), all)), sum(all > 0))
}

# How many of those found are there. scikit-learn `precision_score`, Keras and torchmetrics `Precision`.
metric precision(prediction, target) higher {
  there = per_class(one_hot(target))
  found = per_class(one_hot(decide(prediction), count(there)))
  hits = per_class(one_hot(target) * one_hot(decide(prediction), count(there)))
  all = sum(found over examples)
  of_classes(share_of(sum(hits over examples), all), all + sum(there over examples))
}

# How many of those that are there are found. scikit-learn `recall_score`, Keras and torchmetrics `Recall`.
metric recall(prediction, target) higher {
  there = per_class(one_hot(target))
  found = per_class(one_hot(decide(prediction), count(there)))
  hits = per_class(one_hot(target) * one_hot(decide(prediction), count(there)))
  all = sum(there over examples)
  of_classes(share_of(sum(hits over examples), all), all + sum(found over examples))
}

# The harmonic mean of precision and recall: van Rijsbergen 1979, chapter 7; Dice 1945. scikit-learn `f1_score`,
# Keras and torchmetrics `F1Score`.
metric f1(prediction, target) higher {
  there = per_class(one_hot(target))
  found = per_class(one_hot(decide(prediction), count(there)))
  hits = per_class(one_hot(target) * one_hot(decide(prediction), count(there)))
  both = sum(there over examples) + sum(found over examples)
  of_classes(share_of(2 * sum(hits over examples), both), both)
}

# Those that are found and there, of those that are either: Jaccard 1901. scikit-learn `jaccard_score`, Keras `MeanIoU`
# and of two classes `BinaryIoU(target_class_ids=[1])`, torchmetrics `JaccardIndex`.
metric iou(prediction, target) higher {
  there = per_class(one_hot(target))
  found = per_class(one_hot(decide(prediction), count(there)))
  hits = per_class(one_hot(target) * one_hot(decide(prediction), count(there)))
  either = sum(there over examples) + sum(found over examples) - sum(hits over examples)
  of_classes(share_of(sum(hits over examples), either), either)
}

# How decision and class correlate: Matthews 1975, Gorodkin 2004. scikit-learn `matthews_corrcoef`, torchmetrics
# `MatthewsCorrCoef`.
metric mcc(prediction, target) higher {
  there = per_class(one_hot(target))
  found = per_class(one_hot(decide(prediction), count(there)))
  hits = sum(per_class(one_hot(target) * one_hot(decide(prediction), count(there))))
  t = sum(there over examples)
  p = sum(found over examples)
  share_of(sum(hits over examples) * sum(t) - sum(p * t), sqrt(sum(p * (sum(p) - p)) * sum(t * (sum(t) - t))))
}

# What speaks for each class, the higher the likelier: of two the margin between them, of more the probability.
activation class_scores(x, there: [.., classes]) {
  single = count(x) < count(there)
  margin = if single then reshape(x, shape(x), 1) else x[.., 1..2] - x[.., 0..1]
  if classes == 2 then concat(-margin, margin) else probability(x)
}

# The weight that, for each class by itself, scores as high or higher.
activation as_high(x: [.., classes], score: [.., classes]) = tail_sum(x, score over ..)

# Of two classes the second one's share; of several the mean over those that have a whole; NaN where none has.
activation of_ranked_classes(part: [classes], whole: [classes]) = if classes == 2 then part[1] / whole[1] else (
  sum(share_of(part, whole)) / sum(whole > 0))

# How often an example of a class scores higher than one of another class, ties by half: the area under the curve of
# hits over false alarms, Mann & Whitney 1947, Hanley & McNeil 1982. Of several classes each against all others; one
# that all or none of the examples have does not count, and where that leaves none there is no number. scikit-learn
# `roc_auc_score` (multi_class="ovr", average="macro"), Keras `AUC` with many thresholds, torchmetrics `AUROC`.
metric roc_auc(prediction, target) higher {
  there = one_hot(target)
  others = 1 - there
  score = class_scores(prediction, there)
  against = sum(per_class(others) over examples)
  beaten = (against - as_high(others, score) + as_high(others, -score)) / 2
  of_ranked_classes(sum(per_class(there * beaten) over examples), sum(per_class(there) over examples) * against)
}

# The mean precision among those that score as high or higher, over the examples of a class: the area below the steps
# of precision over recall. Of several classes each against all others; one without an example does not count.
# scikit-learn `average_precision_score` (average="macro"), torchmetrics `AveragePrecision`.
metric average_precision(prediction, target) higher {
  there = one_hot(target)
  score = class_scores(prediction, there)
  found = share_of(as_high(there, score), as_high(filled(1, shape(there)), score))
  of_ranked_classes(sum(per_class(there * found) over examples), sum(per_class(there) over examples))
}

# The mean surprise at the true class: -log of its probability, under a sigmoid as under a softmax. scikit-learn
# `log_loss`, Keras `SparseCategoricalCrossentropy` and `BinaryCrossentropy`.
metric log_loss(prediction, target) lower {
  p = probability(prediction)
  log_p = log(p)
  if count(decide(prediction)) == count(p) then where(target == 1, -log_p, -log(1 - p)) else -log_p[target]
}

# The squared distance from the true class, Brier 1950: scikit-learn `brier_score_loss(scale_by_half=False)`. Under a
# sigmoid that of the second class alone, which is half of it: `scale_by_half=True`, the default there.
metric brier(prediction, target) lower {
  p = probability(prediction)
  if count(decide(prediction)) == count(p) then (p - (target == 1))^2 else sum(p^2) / count(target) - 2 * p[target] + 1
}

# Among how many classes that are alike the surprise would be as large: exp(log_loss). torchmetrics `Perplexity`.
metric perplexity(prediction, target) lower = exp(mean(log_loss(prediction, target) over examples, ..))

# scikit-learn `mean_squared_error`, Keras and torchmetrics `MeanSquaredError`.
metric mse(prediction, target) lower = (prediction - target)^2

# scikit-learn `mean_absolute_error`, Keras and torchmetrics `MeanAbsoluteError`.
metric mae(prediction, target) lower = abs(prediction - target)

# scikit-learn `root_mean_squared_error`, Keras `RootMeanSquaredError`, torchmetrics `MeanSquaredError(squared=False)`.
metric rmse(prediction, target) lower = sqrt(mean((prediction - target)^2 over examples, ..))

# The error as a share of the target, which counts as `eps` at least. scikit-learn `mean_absolute_percentage_error` and
# torchmetrics `MeanAbsolutePercentageError`, with an eps of their own; Keras's is 100 times as much.
metric mape(prediction, target, eps: positive = 1e-7) lower = abs(prediction - target) / max(abs(target), eps)

# The share of the targets' variance that is explained, several values taken together; 0 where nothing varies.
# scikit-learn `r2_score`, Keras `R2Score`, torchmetrics `R2Score`, which average over several values.
metric r2(prediction, target) higher {
  variance = max(mean(target^2 over examples, ..) - mean(target over examples, ..)^2, 0)
  share_of(variance - mean((prediction - target)^2 over examples, ..), variance)
}

# How often each class, by row, is taken for each, by column: scikit-learn `confusion_matrix`, torchmetrics
# `ConfusionMatrix`. By the weights of the examples; one of several steps counts as a whole.
metric confusion(prediction, target) table {
  steps = count(target)
  classes = count(one_hot(target)) // steps
  truth = reshape(one_hot(target), steps, classes)
  decided = reshape(one_hot(decide(prediction), classes), steps, classes)
  cells[i, j] = mean(truth[s, i] * decided[s, j] over s)
  sum(cells over examples)
}
