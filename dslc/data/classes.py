"""Labels to class ids 0 .. k - 1, with the row of every label that is not one.

The classes are the distinct labels of the training rows in increasing order, or 0 to k - 1 where the data
block declares `class(k)`. Labels are whole numbers or truth values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data.table import Numbers, Origin, fault_of
from dslc.diagnostics import DataError

Label: TypeAlias = int | bool

EXACT = 2**53
"""Up to here float64 holds every whole number."""


def whole_labels(values: Numbers, name: str, origin: Origin) -> NDArray[np.int64]:
    """Labels [rows] as integers; DataError naming the first that is fractional, not finite or beyond 2^53."""
    reals = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(reals) & (np.abs(reals) <= EXACT) & (reals == np.floor(reals)))
    if wrong.any():
        row = int(np.argmax(wrong))
        value = float(reals[row])
        what = f"{value:.12g} is not a class (a whole number)" if np.isfinite(value) else fault_of(value)
        raise DataError(f"{origin.place(name, row)}: {what}")
    return values.astype(np.int64)


def find_classes(values: Numbers, train: NDArray[np.int64], name: str, origin: Origin) -> tuple[Label, ...]:
    """The distinct labels of the training rows in increasing order; DataError if they are all the same."""
    labels: list[int] = np.unique(whole_labels(values, name, origin)[train]).tolist()
    if len(labels) < 2:
        raise DataError(f"{origin.place(name, int(train[0]))}: every training row has the class {labels[0]}")
    return as_stored(labels, values)


def as_stored(labels: Sequence[int], values: Numbers) -> tuple[Label, ...]:
    """Truth values where the file holds truth values."""
    return tuple(bool(label) for label in labels) if values.dtype.kind == "b" else tuple(labels)


def class_ids(values: Numbers, classes: Sequence[Label], why: str, name: str, origin: Origin) -> NDArray[np.int64]:
    """The place of every label in `classes`; DataError naming the first that is not there, ending in `why`."""
    labels = whole_labels(values, name, origin)
    known = np.array(classes, np.int64)
    ids = np.searchsorted(known, labels).clip(max=len(known) - 1)
    unknown = known[ids] != labels
    if unknown.any():
        row = int(np.argmax(unknown))
        raise DataError(f"{origin.place(name, row)}: class {labels[row]} {why}")
    return ids.astype(np.int64)
