"""What becomes of a table's columns, and the rows that the net reads, made of the columns when they are read.

A table's cells are kept once, by column. Its prepared rows are never all there in float64: who reads them gets the
rows and the elements that he asks for, and what trains on a million rows keeps them in the program's own elements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dslc.data.column import Cells, Kind
from dslc.data.scale import Reals, Scaling

PIECE = 4096
"""Rows that are written at a time, so that a row's elements are still in the cache when the next column comes."""

UNSEEN = -1.0
"""The code of a category that no training row has."""


@dataclass(frozen=True, slots=True, eq=False)
class ColumnPlan:
    """`labels` are a category's in the order of its elements, or the levels of an ordered column.

    `fill` is what a gap becomes (a number, 0 or 1, a place in `labels`), None where gaps are refused.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    fill: float | None
    flag: bool
    scaling: Scaling | None

    @property
    def width(self) -> int:
        return (len(self.labels) if self.kind is Kind.CATEGORY else 1) + self.flag

    @property
    def elements(self) -> tuple[str, ...]:
        """The names of the column's elements: `age`, `sex female`, `age missing`."""
        names = tuple(f"{self.name} {label}" for label in self.labels) if self.kind is Kind.CATEGORY else (self.name,)
        return (*names, f"{self.name} missing") if self.flag else names


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRows:
    """Rows [rows, elements], float64. `codes[k]` [rows] are column k's cells as `coded` gives them, NaN only where its
    plan fills.

    They are had as `rows[3:5]`, as `rows[chosen]` for an array of row numbers, and as `np.asarray(rows, np.float32)`.
    """

    plans: tuple[ColumnPlan, ...]
    codes: tuple[Cells, ...]
    shape: tuple[int, int]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> Reals:
        count = len(range(len(self))[rows]) if isinstance(rows, slice) else len(rows)
        matrix = np.zeros((count, self.shape[1]))
        self._write(matrix, [values[rows] for values in self.codes])
        return matrix

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.floating]:
        """All rows, rounded to `dtype`. ValueError where no copy is wanted."""
        if copy is False:
            raise ValueError("prepared rows are made when they are read; they cannot be had without a copy")
        whole = np.empty(self.shape, np.float64 if dtype is None else dtype)
        piece = np.empty((PIECE, self.shape[1]))
        for start in range(0, len(self), PIECE):
            rows = slice(start, min(start + PIECE, len(self)))
            part = piece[: rows.stop - start]
            part[:] = 0.0
            self._write(part, [values[rows] for values in self.codes])
            whole[rows] = part
        return whole

    def _write(self, matrix: Reals, codes: list[Cells]) -> None:
        """Some rows into `matrix`, which is zero."""
        place = 0
        for plan, values in zip(self.plans, codes, strict=True):
            _write_column(matrix[:, place : place + plan.width], plan, values)
            place += plan.width


def _write_column(part: Reals, plan: ColumnPlan, codes: Cells) -> None:
    """Some rows of one column, into their part [rows, width] of the matrix, which is zero."""
    if plan.fill is not None and (gaps := np.isnan(codes)).any():
        codes = np.where(gaps, plan.fill, codes)
        if plan.flag:
            part[:, -1] = gaps
    if plan.kind is Kind.CATEGORY:
        rows = np.flatnonzero(codes >= 0)
        part[rows, codes[rows].astype(np.int64)] = 1.0
    else:
        part[:, 0] = plan.scaling.apply(codes) if plan.scaling else codes
