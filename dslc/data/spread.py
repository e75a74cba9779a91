"""Least, greatest, mean, deviation and a histogram of numbers, for the largest numbers and arrays too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data.table import Numbers

BINS = 10
CHUNK = 1 << 20
"""Numbers that are converted to float64 at a time."""


@dataclass(frozen=True, slots=True)
class Spread:
    """`bins` count the numbers in equal parts of the range, the greatest in the last; all equal ones are in the first.

    `deviation` is over n.
    """

    count: int
    least: float
    mean: float
    deviation: float
    greatest: float
    bins: tuple[int, ...]


def spread_of(values: Numbers) -> Spread:
    """The spread of all elements of finite `values`, at least one."""
    flat = values.reshape(-1)
    least, greatest = float(flat.min()), float(flat.max())
    # Sums of the largest numbers would overflow; shares of the largest magnitude do not.
    unit = max(abs(least), abs(greatest)) or 1.0
    mean = sum(float((part / unit).sum()) for part in _parts(flat)) / len(flat)
    squares = sum(float(((part / unit - mean) ** 2).sum()) for part in _parts(flat)) / len(flat)
    bins = np.zeros(BINS, np.int64)
    extent = greatest / 2 - least / 2
    for part in _parts(flat):
        share = (part / 2 - least / 2) / extent if extent > 0 else np.zeros(len(part))
        bins += np.bincount((share * BINS).astype(np.int64).clip(0, BINS - 1), minlength=BINS)
    return Spread(len(flat), least, mean * unit, float(np.sqrt(squares)) * unit, greatest, tuple(bins.tolist()))


def _parts(flat: Numbers) -> Iterator[NDArray[np.float64]]:
    for first in range(0, len(flat), CHUNK):
        yield flat[first : first + CHUNK].astype(np.float64)
