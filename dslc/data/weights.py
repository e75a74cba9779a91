"""How much each row counts: weights that Python gives beside the arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dslc.data.prepare import Dataset
from dslc.data.scale import Reals
from dslc.diagnostics import DataError


def weights_of(given: ArrayLike, dataset: Dataset, joined: bool) -> Reals:
    """Weights [rows] of all rows of the dataset, float64; only their ratios count.

    `given` is [rows], or of the training rows alone where validation rows were `joined` to them: those count 1. Raises
    DataError for another length, a weight that is negative or not finite, and where every training row weighs 0.
    """
    rows = len(next(iter(dataset.inputs.values())))
    expected = len(dataset.train) if joined else rows
    values = np.asarray(given)
    if values.shape != (expected,) or values.dtype.kind not in "fiub":
        raise DataError(f"sample_weight is {list(values.shape)} {values.dtype}, not [{expected}] numbers")
    weights: Reals = values.astype(np.float64)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"sample_weight, row {row}: {weights[row]} is not a weight (a finite number, 0 or more)")
    if joined:
        weights = np.concatenate([weights, np.ones(rows - expected)])
    if not weights[dataset.train].any():
        raise DataError("sample_weight: every training row weighs 0")
    return weights
