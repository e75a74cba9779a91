"""The body of a loop nest: what happens at one loop point, as straight-line scalar instructions.

An instruction names earlier ones by position; the last one is the point's value. Fused maps, reductions
and gathers of the graph and the loop kernels of a program share this form, and every backend prints it.

    0: load a[i0, i1]
    1: load b[i1]
    2: 0 + 1
    3: literal 0.0
    4: maximum(2, 3)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from dslc.scalar.affine import Affine
from dslc.scalar.functions import ScalarFunction
from dslc.scalar.types import DType

Ref: TypeAlias = int
"""The position of an earlier instruction."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An index that an earlier INT instruction computed: a gather."""

    value: Ref


@dataclass(frozen=True, slots=True)
class Load:
    """Reads operand number `operand` at one index per axis."""

    operand: int
    where: tuple[Affine | Taken, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    value: float | int | bool
    dtype: DType


@dataclass(frozen=True, slots=True)
class IndexOf:
    """The loop point's own index as an INT."""

    where: Affine


@dataclass(frozen=True, slots=True)
class Apply:
    function: ScalarFunction
    arguments: tuple[Ref, ...]


Instruction: TypeAlias = Load | Literal | IndexOf | Apply
Body: TypeAlias = tuple[Instruction, ...]


class Combine(Enum):
    """How the reduced loops' values become one; ARGMAX yields the first index of the maximum, ties to the first."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    ARGMAX = "argmax"
