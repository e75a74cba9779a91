"""Labels to class ids 0 .. k - 1, with the row of every label that is not one.

The classes are the distinct labels of the training rows in increasing order (texts by their characters), or
0 to k - 1 where the data block declares `class(k)`; of two, `positive` puts the one it names last, at 1. Labels
are whole numbers, truth values or texts; a date is the text `2026-11-26`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.column import Column, Kind, cell_text, name_of, recode
from dslc.data.table import Numbers, Origin, fault_of, numbers_of
from dslc.diagnostics import DataError, ModelError, nearest
from dslc.syntax import ast

Label: TypeAlias = int | bool | str

Labels: TypeAlias = Numbers | Column
"""A target before its classes are known. A column has no gaps."""

EXACT = 2**53
"""Up to here float64 holds every whole number."""


def whole_labels(values: Numbers, name: str, origin: Origin) -> NDArray[np.int64]:
    """Labels [rows, ..] as integers; DataError naming the first that is fractional, not finite or beyond 2^53."""
    reals = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~(np.isfinite(reals) & (np.abs(reals) <= EXACT) & (reals == np.floor(reals)))
    if wrong.any():
        first = tuple(np.argwhere(wrong)[0])
        value = float(reals[first])
        what = f"{value:.12g} is not a class (a whole number)" if np.isfinite(value) else fault_of(value)
        raise DataError(f"{origin.place(name, int(first[0]))}: {what}")
    return values.astype(np.int64)


def find_classes(values: Labels, train: NDArray[np.int64], name: str, origin: Origin) -> tuple[Label, ...]:
    """The distinct labels of the training rows in increasing order; DataError if they are all the same."""
    labels: tuple[Label, ...]
    if isinstance(values, Column) and values.kind in (Kind.CATEGORY, Kind.DATE):
        distinct = np.unique(values.values[train]).tolist()
        dates = values.kind is Kind.DATE
        labels = tuple(sorted(name_of(values.kind, v) if dates else values.labels[int(v)] for v in distinct))
    else:
        labels = as_stored(np.unique(whole_labels(numbers_of(values), name, origin)[train]).tolist(), values)
    if len(labels) < 2:
        raise DataError(f"{origin.place(name, int(train[0]))}: every training row has the class {labels[0]}")
    return labels


def as_stored(labels: Sequence[int], values: Labels) -> tuple[Label, ...]:
    """Truth values where the file holds truth values."""
    truth = values.kind is Kind.BOOLEAN if isinstance(values, Column) else values.dtype.kind == "b"
    return tuple(bool(label) for label in labels) if truth else tuple(labels)


def with_positive(classes: tuple[Label, ...], positive: ast.Text, name: str) -> tuple[Label, ...]:
    """Two classes, the positive one last; ModelError if there are not two, or none is called so."""
    written = {text_of(label): label for label in classes}
    if len(classes) != 2:
        reason = f"`{name}` has {len(classes)} classes; `positive` is for two"
        raise ModelError([errors.BadPositive(positive.span, reason)])
    if positive.value not in written:
        reason = f"no training row has the class `{positive.value}` of `{name}`"
        raise ModelError([errors.BadPositive(positive.span, reason, nearest(positive.value, written))])
    last = written[positive.value]
    return tuple(sorted(classes, key=lambda label: label == last))


def outside(count: int) -> str:
    """What is wrong with a class that is none of so many."""
    return f"is outside class({count}), 0 to {count - 1}"


def text_of(label: Label) -> str:
    """A label as a model file and a text file write it."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def class_ids(values: Labels, classes: Sequence[Label], why: str, name: str, origin: Origin) -> NDArray[np.int64]:
    """The place of every label in `classes`; DataError naming the first that is not there, ending in `why`."""
    if isinstance(values, Column) and (values.kind is Kind.CATEGORY or any(isinstance(c, str) for c in classes)):
        return _text_ids(values, classes, why, name, origin)
    labels = whole_labels(numbers_of(values), name, origin)
    known = np.array(classes, np.int64)
    order = np.argsort(known)
    places = np.searchsorted(known, labels, sorter=order).clip(max=len(known) - 1)
    ids: NDArray[np.int64] = order[places].astype(np.int64)
    unknown = known[ids] != labels
    if unknown.any():
        first = tuple(np.argwhere(unknown)[0])
        raise DataError(f"{origin.place(name, int(first[0]))}: class {labels[first]} {why}")
    return ids


def _text_ids(values: Column, classes: Sequence[Label], why: str, name: str, origin: Origin) -> NDArray[np.int64]:
    ids: NDArray[np.int64] = recode(values, [text_of(label) for label in classes], unseen=-1.0).astype(np.int64)
    if (ids < 0).any():
        row = int(np.argmax(ids < 0))
        raise DataError(f"{origin.place(name, row)}: class {cell_text(values, row)} {why}")
    return ids
