"""Element types and extents, shared by the graph and the program language."""

from __future__ import annotations

from dataclasses import dataclass
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


def number(extent: Extent) -> int:
    """The extent as a number. Raises TypeError for ROWS, which is none before a program runs."""
    if extent is ROWS:
        raise TypeError("the batch axis where a number is wanted")
    return extent


def sized(shape: Shape, rows: int) -> tuple[int, ...]:
    """The shape with so many rows."""
    return tuple(rows if extent is ROWS else extent for extent in shape)


def elements(shape: Shape, rows: int) -> int:
    """The number of elements of a tensor of `shape` with so many rows."""
    return prod(sized(shape, rows))


@dataclass(frozen=True, slots=True)
class PerRow:
    """`times` the number of rows."""

    times: int

    def __str__(self) -> str:
        return "rows" if self.times == 1 else f"{self.times} * rows"


Stride: TypeAlias = int | PerRow
"""A distance in elements."""


def stride(inner: Shape) -> Stride:
    """How far apart neighbours along an axis are, with the axes `inner` behind it in row-major order."""
    numbers = prod(extent for extent in inner if extent is not ROWS)
    return PerRow(numbers) if ROWS in inner else numbers


def scaled(of: Stride, factor: int) -> Stride:
    """A multiple of a stride."""
    return PerRow(of.times * factor) if isinstance(of, PerRow) else of * factor


def distance(of: Stride, rows: int) -> int:
    """The stride as a number."""
    return of.times * rows if isinstance(of, PerRow) else of


def extents_text(extents: Shape) -> str:
    """`rows, 64`."""
    return ", ".join("rows" if extent is ROWS else str(extent) for extent in extents)


def shape_text(shape: Shape) -> str:
    """`[rows, 64]`."""
    return f"[{extents_text(shape)}]"
