"""Element types and extents, shared by the graph and the program language."""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import TypeAlias


class DType(Enum):
    """What an element is. REAL becomes float32 or float64 when a program is lowered; INT is int64."""

    REAL = "real"
    INT = "int"
    BOOL = "bool"


class Rows(Enum):
    """The extent of the batch axis: a run-time number, at most the batch's capacity."""

    ROWS = "rows"

    def __repr__(self) -> str:
        return "rows"


ROWS = Rows.ROWS
Extent: TypeAlias = int | Rows
Shape: TypeAlias = tuple[Extent, ...]


def sized(shape: Shape, rows: int) -> tuple[int, ...]:
    """The shape with so many rows."""
    return tuple(rows if extent is ROWS else extent for extent in shape)


def elements(shape: Shape, rows: int) -> int:
    """The number of elements of a tensor of `shape` with so many rows."""
    return prod(sized(shape, rows))


def extents_text(extents: Shape) -> str:
    """`rows, 64`."""
    return ", ".join("rows" if extent is ROWS else str(extent) for extent in extents)


def shape_text(shape: Shape) -> str:
    """`[rows, 64]`."""
    return f"[{extents_text(shape)}]"
