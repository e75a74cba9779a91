"""A classifier: labels of any kind that sorts, two classes or more."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from dslc.data.scale import Reals
from dslc.sklearn.estimator import Array, Estimator, Labelled, checked_weight

TOLERANCE = 1e-3
"""How far from 1 probabilities in float32 may add up to."""


class DSLClassifier(ClassifierMixin, Estimator):
    __doc__ = (Estimator.__doc__ or "").replace("A net trained by dslc.", "A classifier: a net trained by dslc.", 1)

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Self:
        """Trains on X [rows, features] and labels y [rows]; of `sample_weight` [rows] only the ratios count."""
        x, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, ids = np.unique(labels, return_inverse=True)
        weight = checked_weight(sample_weight, x)
        present = np.unique(ids if weight is None else ids[weight > 0])
        if len(present) < 2:
            named = "1 class" if len(present) else "no class"
            raise ValueError(f"{type(self).__name__} needs rows of two classes or more, and y has {named}")
        self._train(Labelled(x, ids.astype(np.int64), weight, len(self.classes_)))
        return self

    def predict(self, X: npt.ArrayLike) -> Array:
        """The label of each row."""
        decided = self._asked(X).decided
        labels: Array = self.classes_[decided.astype(np.int64)]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> Reals:
        """Probabilities [rows, classes], in the order of `classes_`; ValueError where the loss speaks of none."""
        chances = self._asked(X).probability
        assert chances is not None
        probability = chances.astype(np.float64)
        total = probability.sum(axis=1, keepdims=True)
        if (probability < 0).any() or (np.abs(total - 1) > TOLERANCE).any():
            raise ValueError(f"the loss `{self.loss}` links the net's output to no probabilities")
        normalised: Reals = probability / total
        return normalised
