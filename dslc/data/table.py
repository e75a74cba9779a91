"""Arrays as they stand in a file or came from Python, and how to name a place in them.

A `Table` is numeric and finite and has as many rows in every array; nothing of it is split, encoded or
scaled yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.diagnostics import DataError

Numbers: TypeAlias = NDArray[np.bool_] | NDArray[np.integer] | NDArray[np.floating]
"""What a stored array may hold."""


@dataclass(frozen=True, slots=True)
class CsvOrigin:
    """Rows of a text file; `lines` is each row's line in an editor, counted from 1."""

    file: str
    lines: NDArray[np.int64]

    def place(self, name: str, row: int) -> str:
        return f'{self.file}:{self.lines[row]}: column "{name}"'


@dataclass(frozen=True, slots=True)
class ArrayOrigin:
    """Rows of arrays, counted from 0, of a file or (`file` None) from Python; `stored` gives the file's names."""

    file: str | None
    stored: Mapping[str, str] = field(default_factory=dict)

    def place(self, name: str, row: int) -> str:
        place = f'array "{self.stored.get(name, name)}", row {row}'
        return f"{self.file}: {place}" if self.file else place


@dataclass(frozen=True, slots=True)
class JoinedOrigin:
    """`rows` training rows from Python, followed by validation rows from Python."""

    rows: int

    def place(self, name: str, row: int) -> str:
        return f'array "{name}", row {row}' if row < self.rows else f'validation array "{name}", row {row - self.rows}'


Origin: TypeAlias = CsvOrigin | ArrayOrigin | JoinedOrigin


@dataclass(frozen=True, slots=True)
class Table:
    """`inputs[name]` is [rows, *shape], `target` [rows, *shape], `strata` [rows] (what a split keeps the shares of)."""

    rows: int
    inputs: Mapping[str, Numbers]
    target: Numbers | None
    strata: Numbers | None
    origin: Origin


def require_finite(values: Numbers, name: str, origin: Origin) -> None:
    """DataError naming the first NaN or infinity of `values` [rows, ...]."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    row, *element = np.argwhere(~np.isfinite(values))[0].tolist()
    where = origin.place(name, row) + (f", element {element}" if element else "")
    raise DataError(f"{where}: {fault_of(float(values[(row, *element)]))}")


def fault_of(value: float) -> str:
    """What is wrong with a value that is not finite."""
    return "a missing value (filling them is not built yet)" if np.isnan(value) else f"{value} is not a finite number"
