"""Cells of a text file to a `Column`, block after block.

A column's kind is declared, or the one of its first cell that is not missing: a number; `true` or `false`; a
date (`2026-11-23`); else text, which makes categories. A later cell that does not fit the kind is a fault:
one mistyped number does not turn a column of numbers into categories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from math import inf, isfinite, nan
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from dslc.data.column import Cells, Column, ColumnType, Kind
from dslc.frozen import Frozen

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""Cells, in lower case and without blanks around, that stand for a missing value."""

TRUTH = {"true": 1.0, "false": 0.0}

DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

EPOCH = date(1970, 1, 1).toordinal()


class Marks(Frozen):
    """What stands for a missing value: cells in lower case, and numbers however they are written."""

    texts: frozenset[str] = MISSING
    numbers: frozenset[float] = frozenset()

    def missing(self, cell: str) -> bool:
        return cell.strip().lower() in self.texts


class Memo(dict[str, float]):
    """Cells already read; a new one is read by `read`."""

    def __init__(self, read: Callable[[str], float]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str) -> float:
        self[cell] = value = self._read(cell)
        return value


class CellReader:
    """Collects one column. `kind` is None until a cell says it."""

    def __init__(self, declared: ColumnType | None, marks: Marks, decimal: str, room: int = 0) -> None:
        """`room` is the number of rows that are expected; memory is touched as they come."""
        self.kind = declared.kind if declared else None
        self._levels = declared.levels if declared else ()
        self._marks = marks
        self._decimal = decimal
        self._values = np.empty(room)
        self._rows = 0
        self._labels: dict[str, float] = {}
        self._memo = Memo(self._cell)

    def read(self, cells: Sequence[str]) -> int | None:
        """Appends cells; the place of the first that does not fit, None if all do."""
        if not self.settle(cells):
            self._append(np.full(len(cells), nan))
            return None
        try:
            if self.plain:
                self._append(self._numbers(cells))
            else:
                self._append(np.fromiter(map(self._memo.__getitem__, cells), np.float64, len(cells)))
        except ValueError:
            return self._fault_in(cells)
        return None

    @property
    def plain(self) -> bool:
        """Whether the column's cells are known to be numbers as they stand."""
        return self.kind is Kind.NUMBER and not self._levels

    def settle(self, cells: Iterable[str]) -> bool:
        """Lets the first cell that is not missing tell the kind; whether it is known now."""
        if self.kind is None:
            self.kind = next((kind_of(cell, self._decimal) for cell in cells if not self._marks.missing(cell)), None)
        return self.kind is not None

    def extend(self, values: Cells, rest: NDArray[np.int64], cells: Sequence[str]) -> int | None:
        """Appends numbers, finite ones, but for the rows in `rest`, whose cells are to be read; as `read`."""
        if len(rest):
            try:
                values[rest] = self._numbers(cells)
            except ValueError:
                return int(rest[self._fault_in(cells)])
        self._append(self._without_marked(values))
        return None

    def fits(self, texts: Iterable[str]) -> bool:
        """Whether all these cells would be read."""
        self.settle(texts)
        return all(self._readable(text) for text in texts)

    def extend_coded(self, texts: Sequence[str], codes: NDArray[np.int64]) -> int | None:
        """Appends the cells texts[codes], missing where the code is -1; as `read`."""
        self.settle(texts)
        values = np.array([*map(self._value, texts), nan])[codes]
        wrong = np.isinf(values)
        if wrong.any():
            return int(np.argmax(wrong))
        self._append(values)
        return None

    def column(self) -> Column:
        return Column(self.kind or Kind.NUMBER, self._values[: self._rows], tuple(self._labels))

    def _append(self, values: Cells) -> None:
        end = self._rows + len(values)
        if end > len(self._values):
            grown = np.empty(max(end, 2 * len(self._values)))
            grown[: self._rows] = self._values[: self._rows]
            self._values = grown
        self._values[self._rows : end] = values
        self._rows = end

    def fault(self, cell: str) -> str:
        """What is wrong with a cell that does not fit."""
        text = cell.strip()
        shown = text if len(text) <= 40 else text[:37] + "..."
        match self.kind:
            case Kind.NUMBER if self._levels:
                return f'"{shown}" is none of {", ".join(self._levels)}'
            case Kind.NUMBER:
                value = number_in(cell, self._decimal)
                return f'"{shown}" is not a number' if value is None else f"{value} is not a finite number"
            case Kind.BOOLEAN:
                return f'"{shown}" is neither true nor false'
            case Kind.DATE:
                return f'"{shown}" is not a date, as in 2026-11-23'
            case Kind.CATEGORY | None:
                return f'"{shown}" cannot be read'
            case unreachable:
                assert_never(unreachable)

    def _fault_in(self, cells: Sequence[str]) -> int:
        """The first cell that does not fit."""
        return next(k for k, cell in enumerate(cells) if not self._readable(cell))

    def _readable(self, cell: str) -> bool:
        return self._value(cell) != inf

    def _value(self, cell: str) -> float:
        """One cell's number, infinity if it does not fit the kind."""
        try:
            return self._cell(cell)
        except ValueError:
            return inf

    def _numbers(self, cells: Sequence[str]) -> Cells:
        """The cells as numbers; those of a block whose gaps are empty cells are read the fast way."""
        if self._decimal == "." and "_" not in "".join(cells):
            try:
                values = np.array([float(cell) if cell else nan for cell in cells])
            except ValueError:
                pass
            else:
                odd = (
                    cell
                    for cell, finite in zip(cells, np.isfinite(values).tolist(), strict=True)
                    if cell and not finite
                )
                if all(map(self._marks.missing, odd)):
                    return self._without_marked(values)
        return np.array([self._cell(cell) for cell in cells])

    def _without_marked(self, values: Cells) -> Cells:
        """NaN for the numbers that mark a missing cell."""
        if not self._marks.numbers:
            return values
        return np.where(np.isin(values, list(self._marks.numbers)), nan, values)

    def _cell(self, cell: str) -> float:
        """One cell's number; ValueError if it does not fit the kind."""
        if self._marks.missing(cell):
            return nan
        text = cell.strip()
        match self.kind:
            case Kind.NUMBER if self._levels:
                return float(self._levels.index(text))
            case Kind.NUMBER | None:
                value = number_in(cell, self._decimal)
                if value is None or not isfinite(value):
                    raise ValueError
                return nan if value in self._marks.numbers else value
            case Kind.BOOLEAN:
                return _looked_up(TRUTH, text.lower())
            case Kind.DATE:
                return days_in(text)
            case Kind.CATEGORY:
                if self._marks.numbers and number_in(cell, self._decimal) in self._marks.numbers:
                    return nan
                return self._labels.setdefault(text, float(len(self._labels)))
            case unreachable:
                assert_never(unreachable)


def kind_of(cell: str, decimal: str) -> Kind:
    """What one cell that is not missing holds."""
    text = cell.strip()
    if number_in(text, decimal) is not None:
        return Kind.NUMBER
    if text.lower() in TRUTH:
        return Kind.BOOLEAN
    try:
        days_in(text)
    except ValueError:
        return Kind.CATEGORY
    return Kind.DATE


def number_in(cell: str, decimal: str) -> float | None:
    """The cell's value, None if it is no number; `float` alone would take `1_000` and both decimal signs."""
    if decimal != ".":
        cell = cell.replace(".", "_").replace(decimal, ".")
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def days_in(text: str) -> float:
    """Days since 1970-01-01; ValueError if the text is no ISO date."""
    if not DATE.fullmatch(text):
        raise ValueError(text)
    return float(date.fromisoformat(text).toordinal() - EPOCH)


def _looked_up(table: dict[str, float], text: str) -> float:
    if text not in table:
        raise ValueError(text)
    return table[text]
