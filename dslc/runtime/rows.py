"""Row sources: the arrays that a program fetches its batches from.

They are cast to the program's elements once and stay as they are; an entry reads only the rows that it is
told to. A source that the rows do not bring (a target, when predicting) is empty, and no entry that is
called then fetches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from dslc.data.prepared import PreparedRows
from dslc.data.series import Windows
from dslc.graph.graph import Array
from dslc.program.arena import NUMPY
from dslc.program.backend import Integers, Reals
from dslc.program.program import Buffer, Fetch, Program
from dslc.scalar.types import sized

RowsOf: TypeAlias = Array | PreparedRows | Windows
"""Prepared rows [rows, *shape] of one input."""

INPUT = "input."
"""What the name of an input's row source begins with."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Prepared rows [rows, *shape]: `inputs` as the net reads them, `beside` as loss and metrics do: targets and more.

    `weight` is [rows], scaled by whoever made it; None weighs all rows 1. `numbers` is [rows], by which rows draw their
    random numbers; None counts them. At least one row source must be given.
    """

    inputs: Mapping[str, RowsOf]
    beside: Mapping[str, Array] = field(default_factory=dict)
    weight: Reals | None = None
    numbers: Integers | None = None

    def holds(self, other: Rows) -> bool:
        """Whether these are the other's very arrays, so that what was made of them need not be made again."""
        mine, others = (self.inputs, self.beside, self.weight, self.numbers), (other.inputs, other.beside)
        return all(a is b for a, b in zip(mine, (*others, other.weight, other.numbers), strict=True))

    def take(self, chosen: Integers) -> Rows:
        """The rows numbered `chosen`, in that order. Raises IndexError."""
        return Rows(
            {name: values[chosen] for name, values in self.inputs.items()},
            {name: values[chosen] for name, values in self.beside.items()},
            None if self.weight is None else self.weight[chosen],
            (np.arange(self.count) if self.numbers is None else self.numbers)[chosen],
        )

    @property
    def count(self) -> int:
        return next(len(values) for values in (*self.inputs.values(), *self.beside.values()))


def sources_of(program: Program, rows: Rows) -> tuple[Array, ...]:
    """The arrays in the order of `program.sources`, contiguous and of the elements that the program fetches."""
    fetched = {
        call.source: call.result
        for entry in program.entries.values()
        for call, _ in entry.calls
        if isinstance(call, Fetch)
    }
    return tuple(_source(name, fetched.get(number), rows) for number, name in enumerate(program.sources))


def _source(name: str, buffer: Buffer | None, rows: Rows) -> Array:
    if buffer is None:
        return np.zeros(0)
    element = NUMPY[buffer.element]
    kind, _, called = name.partition(".")
    match kind:
        case "input":
            values: RowsOf | None = rows.inputs.get(called)
        case "target":
            values = rows.beside.get(called)
        case "weight":
            values = np.ones(rows.count) if rows.weight is None else rows.weight
        case "row":
            values = np.arange(rows.count) if rows.numbers is None else rows.numbers
        case _:
            raise ValueError(f"no row source is called `{name}`")
    if values is None:
        return np.zeros(sized(buffer.shape, 0), element)
    whole: Array = np.ascontiguousarray(values, element)
    return whole.reshape(sized(buffer.shape, rows.count))
