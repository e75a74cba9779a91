"""Samples: operands on which a primitive is tried.

Each family ends in `SAMPLES`, a tuple of functions that draw one primitive with random operand types. The
gradient checker draws at least twenty of each; a table test fails where a primitive has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dslc.graph.graph import Op, TensorType
from dslc.scalar.types import ROWS, DType, Extent, Shape

Draw: TypeAlias = "np.random.Generator"  # as text: importing the generators takes time that `check` need not pay


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand's type and the interval its values are drawn from; INT values lie in low .. high - 1."""

    type: TensorType
    low: float = -2.0
    high: float = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    op: Op
    operands: tuple[Operand, ...]
    honest: bool = True
    """The gradient is the derivative; False where the primitive exists to say otherwise."""


Sampler: TypeAlias = Callable[[Draw], Sample]


def extents(draw: Draw, low: int, high: int) -> tuple[int, ...]:
    """Between `low` and `high` extents, size 1 and odd sizes among them."""
    return tuple(int(draw.choice([1, 2, 3, 5])) for _ in range(draw.integers(low, high + 1)))


def shape(draw: Draw, low: int = 0, high: int = 3) -> Shape:
    """A shape of rank `low` to `high`; about half of those with axes start with ROWS."""
    found: tuple[Extent, ...] = extents(draw, low, high)
    return (ROWS, *found[1:]) if found and draw.random() < 0.5 else found


def real(of: Shape, low: float = -2.0, high: float = 2.0) -> Operand:
    return Operand(TensorType(of), low, high)


def index(of: Shape, below: int) -> Operand:
    """INT values in 0 .. below - 1."""
    return Operand(TensorType(of, DType.INT), 0, below)
