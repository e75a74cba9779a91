"""Arrays as they stand in a file or came from Python, and how to name a place in them.

A `Table` has as many rows in every array and column; nothing of it is split, filled, encoded or scaled yet.
Arrays are finite; columns may have gaps. A `Frame` is the columns of a table that come to be predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data.column import Cells, Column
from dslc.data.tokens import Tokens
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

Numbers: TypeAlias = NDArray[np.bool_] | NDArray[np.integer] | NDArray[np.floating]
"""What a stored array may hold."""


class CsvOrigin(Frozen):
    """Rows of a text file; `lines` is each row's line in an editor, counted from 1."""

    file: str
    lines: NDArray[np.int64]

    def place(self, name: str, row: int) -> str:
        return f'{self.file}:{self.lines[row]}: column "{name}"'

    def mark(self, row: int) -> str:
        return f"line {self.lines[row]}"


@dataclass(frozen=True, slots=True)
class ArrayOrigin:
    """Rows of arrays, counted from 0, of a file or (`file` None) from Python; `stored` gives the file's names."""

    file: str | None
    stored: Mapping[str, str] = field(default_factory=dict)

    def place(self, name: str, row: int) -> str:
        place = f'array "{self.stored.get(name, name)}", row {row}'
        return f"{self.file}: {place}" if self.file else place

    def mark(self, row: int) -> str:
        return f"row {row}"


class FrameOrigin(Frozen):
    """Rows of columns of a file or (`file` None) from Python, counted from 0."""

    file: str | None = None

    def place(self, name: str, row: int) -> str:
        place = f'column "{name}", row {row}'
        return f"{self.file}: {place}" if self.file else place

    def mark(self, row: int) -> str:
        return f"row {row}"


class JoinedOrigin(Frozen):
    """`rows` training rows from Python, followed by validation rows from Python."""

    rows: int
    first: Origin
    second: Origin

    def place(self, name: str, row: int) -> str:
        if row < self.rows:
            return self.first.place(name, row)
        return f"validation {self.second.place(name, row - self.rows)}"

    def mark(self, row: int) -> str:
        if row < self.rows:
            return self.first.mark(row)
        return f"validation {self.second.mark(row - self.rows)}"


class KeptOrigin(Frozen):
    """Row k was row `rows[k]` before others were left out."""

    whole: Origin
    rows: NDArray[np.int64]

    def place(self, name: str, row: int) -> str:
        return self.whole.place(name, int(self.rows[row]))

    def mark(self, row: int) -> str:
        return self.whole.mark(int(self.rows[row]))


class TextOrigin(Frozen):
    """The tokens of a text file; `feeds` are the numbers of the characters that end a line, none of words."""

    file: str
    unit: str
    feeds: NDArray[np.int64]

    def place(self, name: str, row: int) -> str:
        before = int(np.searchsorted(self.feeds, row))
        if not len(self.feeds):
            return f"{self.file}: {self.unit.removesuffix('s')} {row + 1}"
        column = row - (int(self.feeds[before - 1]) if before else -1)
        return f"{self.file}:{before + 1}:{column}"

    def mark(self, row: int) -> str:
        if not len(self.feeds):
            return f"{self.unit.removesuffix('s')} {row + 1}"
        return f"line {int(np.searchsorted(self.feeds, row)) + 1}"


PYTHON = ArrayOrigin(None)
"""Arrays that came from Python."""

Origin: TypeAlias = CsvOrigin | ArrayOrigin | FrameOrigin | JoinedOrigin | TextOrigin | KeptOrigin
"""`place` names a cell for a message, `mark` a row of the source: `line 2`."""


@dataclass(frozen=True, slots=True)
class Table:
    """`inputs[name]` is [rows, *shape]; or, for rows of a table, `columns` has the input columns, or `series` has them
    for rows that are windows; `texts` has rows of text.

    Each of `targets` is [rows, *shape], a column or a text, `strata` [rows] what a split keeps the shares of, `times`
    [rows] what one in time goes by, `weight` [rows]; `carried[name]` [rows, *shape] is for losses and metrics alone;
    `numbers` [rows] are those that the rows had before some were left out, None where none was. For rows that are
    windows `training_steps` are the numbers of the steps in the training part, to be fitted on.
    """

    rows: int
    inputs: Mapping[str, Numbers]
    targets: Mapping[str, Numbers | Column | Tokens]
    strata: Numbers | None
    origin: Origin
    columns: Mapping[str, Column] = field(default_factory=dict)
    weight: Cells | None = None
    carried: Mapping[str, Numbers] = field(default_factory=dict)
    numbers: NDArray[np.int64] | None = None
    times: Cells | None = None
    texts: Mapping[str, Tokens] = field(default_factory=dict)
    series: Series | None = None
    training_steps: NDArray[np.int64] | None = None

    def take(self, rows: NDArray[np.int64]) -> Table:
        """These rows alone, in this order."""
        return Table(
            rows=len(rows),
            inputs={name: values[rows] for name, values in self.inputs.items()},
            targets={n: v.take(rows) if isinstance(v, Column | Tokens) else v[rows] for n, v in self.targets.items()},
            strata=self.strata[rows] if self.strata is not None else None,
            origin=KeptOrigin(self.origin, rows),
            columns={name: column.take(rows) for name, column in self.columns.items()},
            weight=self.weight[rows] if self.weight is not None else None,
            carried={name: values[rows] for name, values in self.carried.items()},
            numbers=self.numbers[rows] if self.numbers is not None else rows,
            times=self.times[rows] if self.times is not None else None,
            texts={name: tokens.take(rows) for name, tokens in self.texts.items()},
            series=self.series.take(rows) if self.series is not None else None,
            training_steps=self.training_steps,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Rows of a table as they came, formulas' columns included.

    `matrix` [rows, columns] holds the same cells where all columns are numbers that came as one array.
    """

    rows: int
    columns: Mapping[str, Column]
    origin: Origin
    matrix: Cells | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Windows of a table's rows: window k is `length` of them from `starts[k]` on."""

    steps: Frame
    starts: NDArray[np.int64]
    length: int

    def take(self, windows: NDArray[np.int64]) -> Series:
        return Series(self.steps, self.starts[windows], self.length)


def numbers_of(values: Numbers | Column) -> Numbers:
    """The numbers of an array or a column."""
    return values.values if isinstance(values, Column) else values


def require_finite(values: Numbers, name: str, origin: Origin) -> None:
    """DataError naming the first NaN or infinity of `values` [rows, ...]."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    row, *element = np.argwhere(~np.isfinite(values))[0].tolist()
    where = origin.place(name, row) + (f", element {element}" if element else "")
    raise DataError(f"{where}: {fault_of(float(values[(row, *element)]))}")


def fault_of(value: float) -> str:
    """What is wrong with a value that is not finite."""
    return "a missing value" if np.isnan(value) else f"{value} is not a finite number"
