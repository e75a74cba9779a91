"""How much each row of a data block counts: `sample_weight COLUMN` and `class_weight balanced`, multiplied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dslc.data.scale import Reals
from dslc.diagnostics import DataError


def class_weights(ids: NDArray[np.int64], classes: int) -> tuple[float, ...]:
    """rows / (classes * rows of the class), as scikit-learn's `balanced`; 1 for a class without training rows."""
    counts = np.bincount(ids, minlength=classes)
    return tuple(float(len(ids) / (classes * count)) if count else 1.0 for count in counts)


def row_weights(
    given: Reals | None, by_class: tuple[float, ...] | None, ids: NDArray[np.int64], train: NDArray[np.int64]
) -> Reals | None:
    """Weights [rows] whose mean over the training rows is 1, of classes `ids` [rows]; None where all count alike."""
    if by_class is None and given is None:
        return None
    weight: Reals = np.ones(1) if given is None else given
    if by_class is not None:
        weight = weight * np.array(by_class)[ids]
    mean = float(weight[train].mean()) if len(train) else 1.0
    if not 0 < mean < np.inf:
        raise DataError("every training row weighs 0, or the weights are too large")
    return weight / mean
