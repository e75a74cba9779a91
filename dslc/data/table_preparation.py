"""The input columns of a table as one matrix: gaps filled, categories one-hot, numbers scaled.

Fitted on training rows, in this order: columns with too many gaps are dropped, then rows where the data block says
so, fills are found, categories collected, scalings fitted to the filled numbers. Each column then takes its place
in the matrix, in the order of the table: a number or a truth value one element, a category one for each of its
labels, a flag one more, 1 where the cell was missing. A category that no training row has is a row of zeros among
its column's elements, and told (dslc/data/unseen.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.column import NOUNS, Cells, Column, Kind, recode
from dslc.data.columns import rule_of
from dslc.data.prepared import UNSEEN, ColumnPlan, PreparedRows
from dslc.data.recipe import Recipe
from dslc.data.scale import UNSCALED, Reals, Scaling, fit_scaling
from dslc.data.table import Frame, Origin
from dslc.data.table_recipe import DropPlan, Fill, FillPlan
from dslc.data.unseen import Unseen, unseen_cells
from dslc.diagnostics import DataError, ModelError

CATEGORIES_LIMIT = 1000
"""The most labels of one column; more are names, not categories."""


@dataclass(frozen=True, eq=False)
class TablePreparation:
    """What was fitted, by column in the order of the table."""

    columns: tuple[ColumnPlan, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The elements of a prepared row."""
        return tuple(name for plan in self.columns for name in plan.elements)

    def apply(self, frame: Frame, unseen: list[Unseen] | None = None) -> Reals | PreparedRows:
        """Rows [rows, elements]; cells with a category that no training row has are added to `unseen`.

        DataError for a gap that nothing fills, and for a column of another kind.
        """
        if frame.matrix is not None and self._scaling is not None and tuple(frame.columns) == self.names:
            scaled = self._scaling.apply(frame.matrix)
            if not np.isnan(scaled).any():
                return scaled
        codes = [
            _without_gaps(plan, coded(plan, frame.columns[plan.name], frame.origin), frame) for plan in self.columns
        ]
        if unseen is not None:
            unseen += self._unseen(frame, codes)
        return PreparedRows(self.columns, tuple(codes), (frame.rows, len(self.names)))

    def _unseen(self, frame: Frame, codes: Sequence[Cells]) -> Iterator[Unseen]:
        for plan, values in zip(self.columns, codes, strict=True):
            if plan.kind is Kind.CATEGORY and (values == UNSEEN).any():
                yield unseen_cells(plan.name, frame.columns[plan.name], np.flatnonzero(values == UNSEEN))

    @cached_property
    def _scaling(self) -> Scaling | None:
        """All columns' scalings as one, where every column is a number that takes one element."""
        scalings = [plan.scaling or UNSCALED for plan in self.columns]
        if any(plan.kind is not Kind.NUMBER or plan.flag for plan in self.columns) or any(s.log for s in scalings):
            return None
        if len({scaling.low for scaling in scalings}) > 1:
            return None
        return Scaling(np.stack([s.center for s in scalings]), np.stack([s.spread for s in scalings]), scalings[0].low)


def _without_gaps(plan: ColumnPlan, codes: Cells, frame: Frame) -> Cells:
    """The codes, which have gaps only where the plan fills them."""
    if plan.fill is None and (gaps := np.isnan(codes)).any():
        raise DataError(f"{frame.origin.place(plan.name, int(np.argmax(gaps)))}: {GAP}")
    return codes


GAP = "a missing value (`missing median` in the data block would fill it)"


def coded(plan: ColumnPlan, column: Column, origin: Origin) -> Cells:
    """A column's cells as the plan counts them: numbers, or places in its labels."""
    if plan.kind is Kind.CATEGORY:
        return recode(column, plan.labels, UNSEEN)
    if column.kind is plan.kind or {column.kind, plan.kind} == {Kind.NUMBER, Kind.BOOLEAN}:
        return column.values
    present = ~np.isnan(column.values)
    if not present.any():
        return column.values
    where = origin.place(plan.name, int(np.argmax(present)))
    raise DataError(f"{where}: the column holds {NOUNS[column.kind]}, and {NOUNS[plan.kind]} in training")


def fit_table(
    columns: Mapping[str, Column], recipe: Recipe, train: NDArray[np.int64], origin: Origin
) -> TablePreparation:
    """The preparation that the data block asks for, from training rows of these input columns.

    ModelError for a constant of another kind; DataError for a column without a cell or with too many categories.
    """
    first = int(train[0])
    plans = (_fit_column(name, c.take(train), recipe, origin.place(name, first)) for name, c in columns.items())
    return TablePreparation(tuple(plans))


def full_enough(columns: Mapping[str, Column], drop: DropPlan, train: NDArray[np.int64]) -> dict[str, Column]:
    """The columns whose training rows have no larger share of gaps than `drop` allows; DataError if none is left."""
    kept = {name: c for name, c in columns.items() if np.isnan(c.values[train]).mean() <= drop.share}
    if not kept:
        raise DataError("every column has too many gaps in the training rows and would be dropped")
    return kept


def _fit_column(name: str, column: Column, recipe: Recipe, place: str) -> ColumnPlan:
    rule = rule_of(name, recipe.table.fills)
    constant = rule if rule and rule.method is Fill.CONSTANT else None
    levels = recipe.table.types[name].levels if name in recipe.table.types else ()
    labels = _categories(column, constant, place) if column.kind is Kind.CATEGORY else levels
    codes = recode(column, labels) if column.kind is Kind.CATEGORY else column.values
    gaps = np.isnan(codes)
    if gaps.all() and constant is None:
        raise DataError(f"{place}: no training row has a value in this column; `ignore` it")
    present = codes[~gaps] if gaps.any() else codes
    fill = _fill(name, column.kind, present, labels, rule)
    scaling = None
    if column.kind is Kind.NUMBER:
        plan = rule_of(name, (*recipe.column_scales, *((recipe.scale,) if recipe.scale else ())))
        filled = present if fill is None or present is codes else np.where(gaps, fill, codes)
        scaling = fit_scaling(filled, plan, f'column "{name}"') if plan else None
    return ColumnPlan(name, column.kind, labels, fill, rule is not None and rule.flag and bool(gaps.any()), scaling)


def _categories(column: Column, constant: FillPlan | None, place: str) -> tuple[str, ...]:
    """The labels of the training rows, sorted; a constant that fills gaps is one of them."""
    present = np.unique(column.values[~np.isnan(column.values)]).astype(np.int64)
    found = {column.labels[k] for k in present.tolist()}
    if constant is not None:
        found.add(_text(constant.constant))
    if len(found) > CATEGORIES_LIMIT:
        raise DataError(
            f"{place}: the column has {len(found)} categories, at most {CATEGORIES_LIMIT} are read; `ignore` it"
        )
    return tuple(sorted(found))


def _fill(name: str, kind: Kind, present: Cells, labels: Sequence[str], rule: FillPlan | None) -> float | None:
    """What a gap becomes. Ties of the mode go to the least value, or the first label."""
    if rule is None or rule.method is Fill.DROP:
        return None
    if rule.method is Fill.CONSTANT:
        return _constant(name, kind, labels, rule)
    if rule.method is Fill.MODE or kind is not Kind.NUMBER:
        values, counts = np.unique(present, return_counts=True)
        return float(values[np.argmax(counts)])
    return float(np.median(present) if rule.method is Fill.MEDIAN else np.mean(present))


def _constant(name: str, kind: Kind, labels: Sequence[str], rule: FillPlan) -> float:
    value = rule.constant
    if kind is Kind.BOOLEAN and value in ("true", "false", 0.0, 1.0):
        return float(value in ("true", 1.0))
    if labels and _text(value) in labels:
        return float(labels.index(_text(value)))
    if kind is Kind.NUMBER and not labels and isinstance(value, float):
        return value
    raise ModelError([errors.ConstantKind(rule.span, name, NOUNS[kind])])


def _text(value: float | str | None) -> str:
    """A constant as a category."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
