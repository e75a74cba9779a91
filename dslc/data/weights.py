"""How much each row counts: weights that Python gives beside the arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dslc.data.prepare import Dataset
from dslc.data.scale import Reals
from dslc.diagnostics import DataError


def weights_of(given: ArrayLike, dataset: Dataset, joined: bool) -> Reals:
    """Weights [rows] of all rows of the dataset, float64; only their ratios count.

    `given` is [rows], those included that are left out, or of the rows to train on alone where validation rows were
    `joined` to them: those count 1. Raises DataError for another length, a weight that is negative or not finite, and
    where every training row weighs 0.
    """
    expected = dataset.came[0 if joined else 1]
    values = np.asarray(given)
    if values.shape != (expected,) or values.dtype.kind not in "fiub":
        raise DataError(f"sample_weight is {list(values.shape)} {values.dtype}, not [{expected}] numbers")
    weights: Reals = values.astype(np.float64)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"sample_weight, row {row}: {weights[row]} is not a weight (a finite number, 0 or more)")
    weights = np.concatenate([weights, np.ones(dataset.came[1] - expected)])
    if dataset.numbers is not None:
        weights = weights[dataset.numbers]
    if not weights[dataset.train].any():
        raise DataError("sample_weight: every training row weighs 0")
    return weights
