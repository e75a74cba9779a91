"""One column of a table: numbers with NaN where a cell is missing, and what the numbers stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from dslc.frozen import Frozen

Cells = NDArray[np.float64]


class Kind(Enum):
    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    DATE = "date"


NOUNS = {Kind.NUMBER: "numbers", Kind.BOOLEAN: "truth values", Kind.CATEGORY: "text", Kind.DATE: "dates"}
"""What a column of each kind holds, in words."""


class ColumnType(Frozen):
    """What a column is declared or known to hold; `levels` name the numbers 0, 1 .. of an ordered column."""

    kind: Kind
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`values` [rows] float64, NaN where missing.

    A number, 0 or 1 for false or true, a place in `labels`, or days since 1970-01-01.
    """

    kind: Kind
    values: Cells
    labels: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.int64]) -> Column:
        return Column(self.kind, self.values[rows], self.labels)


def concatenate(first: Column, second: Column) -> Column:
    """The rows of one column, then of another of its kind; categories are united."""
    if first.kind is not Kind.CATEGORY:
        return Column(first.kind, np.concatenate([first.values, second.values]))
    labels = tuple(dict.fromkeys((*first.labels, *second.labels)))
    return Column(Kind.CATEGORY, np.concatenate([first.values, recode(second, labels)]), labels)


def recode(column: Column, labels: Sequence[str], unseen: float = np.nan) -> Cells:
    """A column's cells as places in `labels`; `unseen` for a category that is not among them, NaN where missing.

    Numbers and truth values take the name that a text file would give them: `3`, `2.5`, `true`.
    """
    place = {label: float(k) for k, label in enumerate(labels)}
    if column.kind is Kind.CATEGORY:
        codes = np.array([place.get(label, unseen) for label in column.labels] or [np.nan])
        return _looked_up(codes, column.values)
    distinct, inverse = np.unique(column.values, return_inverse=True)
    named = [np.nan if np.isnan(v) else place.get(name_of(column.kind, v), unseen) for v in distinct.tolist()]
    recoded: Cells = np.array(named, np.float64)[inverse]
    return recoded


def name_of(kind: Kind, value: float) -> str:
    """A cell that is no category, as text."""
    match kind:
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.DATE:
            return str(np.datetime64(int(value), "D"))
        case Kind.NUMBER | Kind.CATEGORY:
            return str(int(value)) if value == int(value) else repr(value)


def cell_text(column: Column, row: int) -> str:
    """One cell that is not missing, as text; a category in quotes."""
    value = float(column.values[row])
    return f'"{column.labels[int(value)]}"' if column.kind is Kind.CATEGORY else name_of(column.kind, value)


def _looked_up(codes: Cells, values: Cells) -> Cells:
    missing = np.isnan(values)
    found: Cells = codes[np.where(missing, 0, values).astype(np.int64)]
    found[missing] = np.nan
    return found
