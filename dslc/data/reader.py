"""Rows to predict, read for one fitted model: `Preparation.apply(read_inputs(..))`, and a short way for a few rows.

Predicting is often asked for one row, and then most of the time goes into looking at columns one after the other.
The short way looks at the whole row at once, and only at what needs no thought: numbers that are there, categories
that the training rows have. It gives bit for bit what the long way gives, or nothing, and then the long way is gone,
which also knows what to say of a cell that does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslc.data.column import Cells, ColumnType, Kind
from dslc.data.feed import Given
from dslc.data.frame import ORIGIN, column_from, matrix_of
from dslc.data.prepare import NetInputs, Preparation
from dslc.data.prepared import ColumnPlan
from dslc.data.recipe import Recipe
from dslc.data.scale import UNSCALED, Reals
from dslc.data.schema import InputField, Schema
from dslc.data.table import Frame
from dslc.data.table_preparation import coded
from dslc.data.table_recipe import TableRecipe
from dslc.data.told import inputs_told
from dslc.frozen import Frozen

FEW = 64
"""Rows; with more of them the long way, which works column by column, is the faster one."""

NUMBERS = frozenset({int, float, np.float64, np.float32, np.int64, np.int32})
"""What a cell of an array of objects may be to be a number here."""


@dataclass(frozen=True, slots=True, eq=False)
class InputReader:
    """The reading of one model's inputs; `short` is there for a table whose columns allow it."""

    recipe: Recipe
    schema: Schema
    fitted: Preparation
    short: ShortWay | None

    def read(self, x: Given) -> dict[str, NetInputs]:
        """Inputs [rows, *shape] as the net reads them. Raises DataError for what does not fit."""
        if self.short is not None:
            matrix = self.short.read(x)
            if matrix is not None:
                return {self.schema.inputs[0].name: matrix}
        return inputs_told(self.fitted, self.recipe, self.schema, x)


class Labels(Frozen):
    """A category's column: its place in the row, and the element of the prepared row that each label sets to 1."""

    column: int
    elements: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class ShortWay:
    """`names` are the columns in order; those of numbers stand at `numbers` and become the elements `places`."""

    names: tuple[str, ...]
    width: int
    numbers: tuple[int, ...]
    places: NDArray[np.intp]
    scaling: tuple[Reals, Reals, Reals]  # center, spread and low of each number
    truths: frozenset[int]  # columns of truth values, among the numbers
    categories: tuple[Labels, ...]

    def read(self, x: Given) -> Reals | None:
        """[rows, elements], None where the long way has to be gone."""
        if isinstance(x, Frame):
            return None
        if isinstance(x, Mapping):
            return self._of_columns(x)
        given = matrix_of(x, self.names)
        if given is None or given.ndim != 2 or given.shape[1] != len(self.names) or not 0 < len(given) <= FEW:
            return None
        if given.dtype.kind in "iuf":
            return self._prepared(given, ()) if not self.categories else None
        return self._of_objects(given.tolist()) if given.dtype.kind == "O" else None

    def _of_columns(self, x: Mapping[str, ArrayLike]) -> Reals | None:
        try:
            columns = [x[self.names[k]] for k in self.numbers]
            texts = [x[self.names[labels.column]] for labels in self.categories]
            if any(isinstance(column, np.ma.MaskedArray) for column in (*columns, *texts)):
                return None
            numbers = np.array(columns).T
        except (KeyError, ValueError, TypeError, OverflowError):
            return None
        if numbers.ndim != 2 or numbers.dtype.kind not in "iuf" or not 0 < len(numbers) <= FEW:
            return None
        cells = [text if isinstance(text, list) else np.asarray(text).tolist() for text in texts]
        return self._prepared(numbers, cells)

    def _of_objects(self, rows: Sequence[Sequence[object]]) -> Reals | None:
        for k in self.numbers:
            allowed = (bool,) if k in self.truths else NUMBERS
            if any(type(row[k]) not in allowed for row in rows):
                return None
        try:
            numbers = np.array([[row[k] for k in self.numbers] for row in rows], np.float64)
        except OverflowError:
            return None
        return self._prepared(numbers, [[row[labels.column] for row in rows] for labels in self.categories])

    def _prepared(self, numbers: NDArray[np.generic], texts: Sequence[object]) -> Reals | None:
        """`numbers` [rows, numbers] and the cells of each category."""
        center, spread, low = self.scaling
        scaled: Reals = (numbers.astype(np.float64) - center) / spread + low
        if not np.isfinite(scaled).all():
            return None
        if len(self.numbers) == self.width:
            return scaled
        matrix: Reals = np.zeros((len(scaled), self.width))
        matrix[:, self.places] = scaled
        for labels, cells in zip(self.categories, texts, strict=True):
            if not isinstance(cells, list) or len(cells) != len(scaled):
                return None
            for row, cell in enumerate(cells):
                element = labels.elements.get(cell) if isinstance(cell, str) else None
                if element is None:
                    return None
                matrix[row, element] = 1.0
        return matrix


def input_reader(recipe: Recipe, schema: Schema, fitted: Preparation) -> InputReader:
    return InputReader(recipe, schema, fitted, _short_way(recipe, schema.inputs[0], fitted))


def _short_way(recipe: Recipe, field: InputField, fitted: Preparation) -> ShortWay | None:
    """None where a column needs more than scaling or its labels: levels, logarithms, formulas, marks of its own."""
    plain = recipe.table == TableRecipe(fills=recipe.table.fills, drop=recipe.table.drop)
    if fitted.table is None or not plain or recipe.window is not None:
        return None
    plans = fitted.table.columns
    ends = np.cumsum([0, *(plan.width for plan in plans)]).tolist()
    numbers = [(plan, place) for plan, place in zip(plans, ends[:-1], strict=True) if plan.kind is not Kind.CATEGORY]
    scalings = [plan.scaling or UNSCALED for plan, _ in numbers]
    if not numbers or any(plan.kind is Kind.DATE or plan.labels for plan, _ in numbers) or any(s.log for s in scalings):
        return None
    where = {name: k for k, name in enumerate(field.columns)}
    return ShortWay(
        names=field.columns,
        width=ends[-1],
        numbers=tuple(where[plan.name] for plan, _ in numbers),
        places=np.array([place for _, place in numbers], np.intp),
        scaling=(
            np.array([float(s.center) for s in scalings]),
            np.array([float(s.spread) for s in scalings]),
            np.array([s.low for s in scalings]),
        ),
        truths=frozenset(where[plan.name] for plan, _ in numbers if plan.kind is Kind.BOOLEAN),
        categories=tuple(
            Labels(where[plan.name], _elements(plan, place, recipe))
            for plan, place in zip(plans, ends[:-1], strict=True)
            if plan.kind is Kind.CATEGORY
        ),
    )


def _elements(plan: ColumnPlan, place: int, recipe: Recipe) -> dict[str, int]:
    """The element of each label that, as a cell, is read as itself: one that is also a missing mark is not."""
    column = column_from(list(plan.labels), ColumnType(plan.kind), recipe.table.marks, plan.name)
    codes: Cells = coded(plan, column, ORIGIN)
    return {
        label: place + int(code) for label, code in zip(plan.labels, codes.tolist(), strict=True) if not np.isnan(code)
    }
