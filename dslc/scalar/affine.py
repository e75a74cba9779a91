"""Affine index maps: where in a tensor a loop point reads or writes.

A loop nest has indices i0, i1, ... An `Affine` is `sum(coefficients[k] * ik) + constant`; a tensor's
access is one Affine per axis. Matrix products, strided windows, transposes, slices and broadcasts are
all accesses of this kind.

>>> to_text(access(3, 0, 2))
'[i0, i2]'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslc.scalar.types import ROWS, Extent, Shape


@dataclass(frozen=True, slots=True)
class Affine:
    """`sum(coefficients[k] * ik) + constant` over the indices of one loop nest."""

    coefficients: tuple[int, ...]
    constant: int = 0

    @property
    def index(self) -> int | None:
        """k where this is plainly `ik`, else None."""
        used = [k for k, c in enumerate(self.coefficients) if c]
        plain = len(used) == 1 and self.coefficients[used[0]] == 1 and self.constant == 0
        return used[0] if plain else None

    def compose(self, inner: Access) -> Affine:
        """This map after `inner`: its index k is replaced by inner[k], a map over another nest."""
        rank = len(inner[0].coefficients) if inner else 0
        coefficients = [0] * rank
        constant = self.constant
        for c, part in zip(self.coefficients, inner, strict=True):
            constant += c * part.constant
            for k, inner_c in enumerate(part.coefficients):
                coefficients[k] += c * inner_c
        return Affine(tuple(coefficients), constant)

    def over(self, loops: Sequence[int | None]) -> Affine:
        """The same index in a nest of these loops of its own; None is a loop that it does not look at."""
        return Affine(tuple(0 if k is None else self.coefficients[k] for k in loops), self.constant)

    def range(self, extents: Shape) -> tuple[int, int]:
        """The least and the greatest value over loops of `extents`, those over ROWS being at their first row."""
        numbers = (c * (n - 1) for c, n in zip(self.coefficients, extents, strict=True) if c and n is not ROWS)
        ends = list(numbers)
        return self.constant + sum(min(0, end) for end in ends), self.constant + sum(max(0, end) for end in ends)

    def stays(self, extents: Shape, size: Extent) -> bool:
        """Is the index within 0 .. size - 1 all over the loops? Along ROWS only rows are walked."""
        low, high = self.range(extents)
        return size is ROWS or (low >= 0 and high < size)


Access: TypeAlias = tuple[Affine, ...]


def access(rank: int, *indices: int) -> Access:
    """The access `[i_a, i_b, ..]` in a nest of `rank` loops."""
    return tuple(Affine(tuple(int(k == index) for k in range(rank))) for index in indices)


def identity(rank: int) -> Access:
    return access(rank, *range(rank))


def to_text(where: Access) -> str:
    return "[" + ", ".join(_term(a) for a in where) + "]"


def _term(a: Affine) -> str:
    parts = [f"i{k}" if c == 1 else f"{c}*i{k}" for k, c in enumerate(a.coefficients) if c]
    if a.constant or not parts:
        parts.append(str(a.constant))
    return " + ".join(parts)
