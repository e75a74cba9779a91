"""Rows into train, val and test, the same for the same seed on every machine.

Sizes follow scikit-learn's `train_test_split`: test = ceil(n * share), val = ceil(n * share), train has the
rest; shares are exact fractions, so that 7% of 100 rows are 7. Rows are ordered by their random words (key:
the split's seed and the stream `data.split`; counter: the row), then the first are test, the next val. A
stratified split does so within each class; each class has in each part its share, rounded up or down. Parts
list their rows in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.diagnostics import DataError
from dslc.frozen import Frozen
from dslc.scalar.random import stream_key, words_of

Rows: TypeAlias = NDArray[np.int64]

STRATA_LIMIT = 1000
"""The most values that a column may have for a split to be stratified by it."""


class Parts(Frozen):
    """Disjoint, increasing row numbers; val and test may be empty."""

    train: Rows
    val: Rows
    test: Rows


def all_training(rows: int) -> Parts:
    none = np.empty(0, np.int64)
    return Parts(np.arange(rows), none, none)


def sizes(rows: int, shares: tuple[Fraction, Fraction, Fraction]) -> tuple[int, int, int]:
    """How many of `rows` are train, val and test; DataError if none is left for train."""
    val, test = ceil(rows * shares[1]), ceil(rows * shares[2])
    train = rows - val - test
    if train < 1:
        written = "/".join(f"{float(share * 100):g}" for share in shares if share)
        raise DataError(f"{rows} rows are too few for the split {written}: no training row is left")
    return train, val, test


def split_random(rows: int, shares: tuple[Fraction, Fraction, Fraction], seed: int) -> Parts:
    """Rows at random into parts of these shares."""
    _, val, test = sizes(rows, shares)
    keys = _keys(rows, seed)
    # The rows of the `test` least keys, of the `val` next and the others, in the order of the rows: nothing is sorted.
    borders = np.partition(keys, (test, test + val))[[test, test + val]]
    first, both = keys < borders[0], keys < borders[1]
    if np.count_nonzero(first) == test and np.count_nonzero(both) == test + val:
        return Parts(np.flatnonzero(~both), np.flatnonzero(both & ~first), np.flatnonzero(first))
    order = np.argsort(keys, kind="stable")
    return Parts(np.sort(order[test + val :]), np.sort(order[test : test + val]), np.sort(order[:test]))


def in_time(times: NDArray[np.float64]) -> Rows:
    """The rows' numbers from the earliest to the latest, those of one time in the order of the file."""
    return np.argsort(times, kind="stable").astype(np.int64)


def split_in_time(rows: int, times: NDArray[np.float64] | None, shares: tuple[Fraction, Fraction, Fraction]) -> Parts:
    """The earliest rows train, the latest test; without `times` [rows] the order of the rows is that of time.

    Rows of one time stay together, in the later part, so that no part knows what another holds of it. DataError where
    no row is left to train on.
    """
    train, val, _ = sizes(rows, shares)
    order = np.arange(rows) if times is None else in_time(times)
    borders = [train, train + val]
    if times is not None:
        ordered = times[order]
        borders = [int(np.searchsorted(ordered, ordered[b])) if b < rows else b for b in borders]
    if borders[0] == 0:
        raise DataError("the split in time leaves no training row: too many rows have the same time")
    return Parts(*(np.sort(part) for part in np.split(order, borders)))


def split_stratified(
    strata: NDArray[np.generic], name: str, shares: tuple[Fraction, Fraction, Fraction], seed: int
) -> Parts:
    """Rows at random, each distinct value of `strata` [rows] in the same shares; `name` is for DataError."""
    values, of_row, counts = np.unique(strata, return_inverse=True, return_counts=True)
    limit = min(STRATA_LIMIT, len(strata) // 2)
    if len(values) > limit:
        raise DataError(
            f'"{name}" has {len(values)} distinct values in {len(strata)} rows; '
            f"a split can be stratified by at most {limit} here"
        )
    held = apportion(counts.tolist(), sizes(len(strata), shares))
    order = np.argsort(_keys(len(strata), seed), kind="stable")
    grouped = order[np.argsort(of_row[order], kind="stable")]
    parts: tuple[list[Rows], list[Rows], list[Rows]] = ([], [], [])
    start = 0
    for train, val, test in held:
        for part, count in zip((2, 1, 0), (test, val, train), strict=True):
            parts[part].append(grouped[start : start + count])
            start += count
    return Parts(*(np.sort(np.concatenate(part)) for part in parts))


def _keys(rows: int, seed: int) -> NDArray[np.uint64]:
    """Random numbers that put the rows in the split's order; a tie of all 64 bits keeps the file's."""
    drawn = words_of(stream_key(seed, "data.split"), np.arange(rows), 0)
    high, low = (np.asarray(word).astype(np.uint64) for word in drawn)
    return high << np.uint64(32) | low


def apportion(counts: Sequence[int], wanted: Sequence[int]) -> list[tuple[int, ...]]:
    """Whole numbers held[i][j] that sum to counts[i] and to wanted[j]: counts[i] * wanted[j] / sum, rounded up or down.

    Controlled rounding (Bacharach 1966): while entries are fractional, some of them form a cycle; moving a
    fraction around it keeps all sums and makes at least one entry whole.
    """
    total = sum(counts)
    whole, loose = np.divmod(np.outer(counts, wanted), total)
    while loose.any():
        walk = _cycle(loose)
        pairs = list(zip(walk, [*walk[1:], walk[0]], strict=True))
        entries = [(a, ~b) if a >= 0 else (b, ~a) for a, b in pairs]
        up, down = entries[::2], entries[1::2]
        step = min([total - loose[entry] for entry in up] + [loose[entry] for entry in down])
        for entry in up:
            loose[entry] += step
        for entry in down:
            loose[entry] -= step
        whole += loose == total
        loose %= total
    return [tuple(row) for row in whole.tolist()]


def _cycle(loose: NDArray[np.int64]) -> list[int]:
    """Rows i and columns ~j in turn, each pair of neighbours (the last and the first too) an entry that is not 0.

    Rows and columns sum to whole numbers, so that where one entry is fractional another is.
    """
    walk = [int(np.flatnonzero(loose.any(axis=1))[0])]
    while True:
        here = walk[-1]
        beside = np.flatnonzero(loose[here]) if here >= 0 else np.flatnonzero(loose[:, ~here])
        nodes = [int(~k) if here >= 0 else int(k) for k in beside]
        onward = next(node for node in nodes if len(walk) < 2 or node != walk[-2])
        if onward in walk:
            return walk[walk.index(onward) :]
        walk.append(onward)
