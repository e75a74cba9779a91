"""The first training rows exactly as the net sees them: prepared, in float32, under the names of their elements.

Of a table each row is a line, its elements stand in columns, and as many columns as fit stand side by side.

    3 of 240 training rows of penguins

            bill_length_mm  bill_depth_mm  flipper_length_mm  body_mass_g
    line 2     -0.87233126      0.7970846         -1.4159456  -0.57931495
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.cli.data_text import WIDTH, shown
from dslc.data.scale import Reals
from dslc.plan import table
from dslc.scalar.types import shape_text

MOST_ELEMENTS = 64
"""Elements of a table's row, or values of an array, that the text shows; the JSON form has all."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """`values` are [rows, *shape]; `elements` names those of a table, `labels` the classes of a target."""

    name: str
    values: NDArray[np.int64] | Reals
    elements: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """`marks` name the rows in the source; `beside` are targets and more; `weight` is how much each row counts.

    `rows` is the number of all training rows.
    """

    model: str
    marks: tuple[str, ...]
    inputs: tuple[Field, ...]
    beside: tuple[Field, ...]
    weight: Reals | None
    rows: int

    def to_record(self) -> dict[str, object]:
        """The values as the program holds them; what is not finite there is null."""
        elements = {field.name: field.elements for field in self.inputs if field.elements is not None}
        return {
            "schema": 1,
            "model": self.model,
            "training_rows": self.rows,
            "elements": elements,
            "classes": {field.name: field.labels for field in self.beside if field.labels is not None},
            "rows": [self._row(k, mark) for k, mark in enumerate(self.marks)],
        }

    def _row(self, k: int, mark: str) -> dict[str, object]:
        return {
            "row": mark,
            "inputs": {field.name: _plain(single(field.values[k])) for field in self.inputs},
            "beside": {field.name: _plain(single(field.values[k])) for field in self.beside},
            "weight": _plain(single(self.weight[k])) if self.weight is not None else None,
        }

    def to_text(self) -> str:
        """Tables of elements, as many side by side as fit; arrays row by row."""
        parts = [f"{len(self.marks):,} of {self.rows:,} training rows of {shown(self.model, 30)}"]
        beside = self._beside()
        for field in self.inputs:
            if field.elements is not None:
                parts += self._elements(field.elements, field.values, beside)
        arrays = [field for field in self.inputs if field.elements is None]
        for k, mark in enumerate(self.marks if arrays else ()):
            parts.append("\n".join([f"{mark}  {_told(beside, k)}".rstrip(), *(_array(f, k) for f in arrays)]))
        return "\n\n".join(parts)

    def _beside(self) -> list[tuple[str, list[str]]]:
        """Targets, what is carried, and the weight of each row: a head and cells."""
        columns: list[tuple[str, list[str]]] = []
        for field in self.beside:
            goals = [_goal(field, single(field.values[k : k + 1])) for k in range(len(self.marks))]
            columns.append((shown(field.name, 24), goals))
        if self.weight is not None:
            columns.append(("weight", [str(value) for value in single(self.weight)]))
        return columns

    def _elements(
        self, names: Sequence[str], values: NDArray[np.int64] | Reals, beside: Sequence[tuple[str, list[str]]]
    ) -> Iterator[str]:
        cells = single(values)[:, :MOST_ELEMENTS]
        columns = [
            (shown(name, 28), [str(value) for value in cells[:, k]]) for k, name in enumerate(names[:MOST_ELEMENTS])
        ]
        for group in _groups([*columns, *beside], WIDTH - max(map(len, self.marks))):
            heads = ("", *(head for head, _ in group))
            lines = [(mark, *(cells[k] for _, cells in group)) for k, mark in enumerate(self.marks)]
            yield "\n".join(table([heads, *lines], left=1))
        if len(names) > MOST_ELEMENTS:
            yield f"and {len(names) - MOST_ELEMENTS:,} more elements (--format json has all)"


def single(values: NDArray[np.int64] | Reals) -> NDArray[np.int64] | NDArray[np.float32]:
    """Numbers as the program holds them: real ones in float32."""
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.int64)
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _goal(field: Field, value: NDArray[np.int64] | NDArray[np.float32]) -> str:
    """A row's target: `2 = Gentoo`, or a number, or the first of several of either."""
    flat = value.reshape(-1)
    told = [str(number) for number in flat[:4]]
    if field.labels is not None:
        told = [f"{number} = {shown(field.labels[int(number)], 20)}" for number in told]
    return ", ".join(told) + (", ..." if len(flat) > 4 else "")


def _groups(columns: Sequence[tuple[str, list[str]]], width: int) -> Iterator[list[tuple[str, list[str]]]]:
    """The columns in order, as many together as fit the width; at least one."""
    group: list[tuple[str, list[str]]] = []
    used = 0
    for head, cells in columns:
        needed = 2 + max(len(head), *map(len, cells))
        if group and used + needed > width:
            yield group
            group, used = [], 0
        group.append((head, cells))
        used += needed
    if group:
        yield group


def _told(beside: Sequence[tuple[str, list[str]]], k: int) -> str:
    return ", ".join(f"{head} {cells[k]}" for head, cells in beside)


def _array(field: Field, k: int) -> str:
    """`image [8, 8, 1]`, then the values; an axis of one is not drawn, and of many values only the ends."""
    values = single(field.values[k])
    drawn = np.array2string(
        values.squeeze(), max_line_width=WIDTH - 2, threshold=MOST_ELEMENTS, floatmode="unique", separator=" "
    )
    lines = "\n".join(f"  {line}" for line in drawn.splitlines())
    return f"{shown(field.name, 40)} {shape_text(values.shape)}\n{lines}"


def _plain(values: NDArray[np.int64] | NDArray[np.float32]) -> object:
    """Lists of numbers for JSON, each as short as float32 allows."""
    nested: object = values.tolist()
    return _short(nested)


def _short(value: object) -> object:
    match value:
        case list():
            return [_short(part) for part in value]
        case float():
            return float(str(np.float32(value))) if math.isfinite(value) else None
        case _:
            return value
