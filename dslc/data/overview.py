"""What a data block's rows look like: columns, parts, classes, and what preparation does to each column.

Receives the raw rows and the dataset that was prepared of them; computes what `dslc data` shows, and changes nothing.
Statistics of columns and arrays are over all rows of the source and their present cells; classes and values of a
target are counted in each part, after rows were left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data.classes import text_of
from dslc.data.column import Column, Kind, name_of
from dslc.data.columns import rule_of
from dslc.data.load import Raw
from dslc.data.prepare import Dataset
from dslc.data.prepared import ColumnPlan
from dslc.data.recipe import Method, PythonSource, Recipe, ScalePlan, SplitPlan
from dslc.data.scale import Scaling
from dslc.data.schema import TargetField
from dslc.data.split import Rows
from dslc.data.spread import Spread, spread_of
from dslc.data.table import Numbers
from dslc.data.table_recipe import Fill
from dslc.data.target_preparation import TargetPreparation
from dslc.data.tokens import Tokens
from dslc.syntax import ast

FEW = 6
"""Classes that are told with their numbers."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What becomes of a column: `elements` are those that the net reads.

    `gap` is "filled", with `fill`, "row dropped", which training rows are, or "error".
    """

    gap: str
    fill: str | None
    flag: bool
    encoding: str
    elements: int


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column of the source: `spread` of numbers, `counts` of labels, the most frequent first.

    `prepared` is None for a column that is dropped for its gaps.
    """

    name: str
    kind: str
    missing: int
    spread: Spread | None
    counts: tuple[tuple[str, int], ...] | None
    prepared: Prepared | None
    constant: bool


@dataclass(frozen=True, slots=True)
class ArrayView:
    """An input array, `shape` for each row."""

    name: str
    shape: tuple[int, ...]
    stored: str
    spread: Spread
    encoding: str


@dataclass(frozen=True, slots=True)
class ClassView:
    """`rows` by part, and their `share` of it; of a target of several elements each counts.

    `weight` is how much a row of the class counts under `class_weight`.
    """

    label: str
    rows: Mapping[str, int]
    share: Mapping[str, float]
    weight: float | None


@dataclass(frozen=True, slots=True)
class TargetView:
    """What is predicted: either classes, or the spread of values by part, in the target's own unit."""

    name: str
    shape: tuple[int, ...]
    missing: int
    classes: tuple[ClassView, ...] | None
    spreads: Mapping[str, Spread] | None
    encoding: str


@dataclass(frozen=True, slots=True)
class Overview:
    """`rows` are those of the source, `parts` those that train, validate and test; `left_out` says what is neither.

    `ignored` are names and patterns of columns or arrays, as the data block has them.
    """

    source: str
    rows: int
    split: str
    parts: Mapping[str, int]
    columns: tuple[ColumnView, ...]
    arrays: tuple[ArrayView, ...]
    targets: tuple[TargetView, ...]
    elements: int
    left_out: tuple[str, ...]
    ignored: tuple[str, ...]
    weighted: str | None


def overview(raw: Raw, dataset: Dataset) -> Overview:
    """The overview of rows that are there."""
    recipe = raw.recipe
    table = dataset.preparation.table if dataset.preparation else None
    plans = {plan.name: plan for plan in table.columns} if table else {}
    return Overview(
        source="Python" if isinstance(recipe.source, PythonSource) else recipe.source.path.value,
        rows=raw.table.rows,
        split=_split(recipe.split),
        parts={name: len(rows) for name, rows in parts_of(dataset).items()},
        columns=(
            *(_column(name, c, recipe, plans.get(name)) for name, c in raw.table.columns.items()),
            *(_text(name, tokens, dataset) for name, tokens in raw.table.texts.items()),
        ),
        arrays=tuple(_array(name, values, raw, dataset) for name, values in raw.table.inputs.items()),
        targets=_targets(raw, dataset),
        elements=sum(int(np.prod(field.shape)) for field in dataset.schema.inputs),
        left_out=tuple(note.text for note in dataset.notes),
        ignored=tuple(c.text if isinstance(c, ast.Name) else c.pattern for c in recipe.ignore),
        weighted=recipe.sample_weight.text if recipe.sample_weight else None,
    )


def parts_of(dataset: Dataset) -> dict[str, Rows]:
    """The parts that have rows, by name."""
    parts = {"train": dataset.train, "val": dataset.val, "test": dataset.test}
    return {name: rows for name, rows in parts.items() if len(rows)}


def _split(plan: SplitPlan | None) -> str:
    """`70/15/15 stratified species, seed 0`."""
    if plan is None:
        return "none: all rows train"
    shares = "/".join(f"{float(share * 100):g}" for share in plan.shares if share)
    if plan.in_time:
        return f"{shares} in time{f' {plan.time.text}' if plan.time else ''}"
    return f"{shares}{f' stratified {plan.stratified.text}' if plan.stratified else ''}, seed {plan.seed}"


# --- columns --------------------------------------------------------------------------------------


def _column(name: str, column: Column, recipe: Recipe, plan: ColumnPlan | None) -> ColumnView:
    present = column.values[~np.isnan(column.values)]
    levels = recipe.table.types[name].levels if name in recipe.table.types else ()
    plain = column.kind is Kind.NUMBER and not levels
    return ColumnView(
        name,
        "ordered" if levels else column.kind.value,
        len(column.values) - len(present),
        spread_of(present) if plain and len(present) else None,
        None if plain else _counts(column, present, levels),
        _prepared(plan, recipe) if plan else None,
        len(present) > 0 and bool((present == present[0]).all()),
    )


def _text(name: str, tokens: Tokens, dataset: Dataset) -> ColumnView:
    """A whole text's tokens, each a row."""
    counts = zip(tokens.labels, np.bincount(tokens.ids, minlength=len(tokens.labels)).tolist(), strict=True)
    text = dataset.preparation.texts[name] if dataset.preparation else None
    prepared = Prepared("none", None, False, f"ids of {len(text.labels)}", text.length) if text else None
    return ColumnView(name, "text", 0, None, tuple(sorted(counts, key=lambda of: (-of[1], of[0]))), prepared, False)


def _counts(column: Column, present: NDArray[np.float64], levels: Sequence[str]) -> tuple[tuple[str, int], ...]:
    values, counts = np.unique(present, return_counts=True)
    names = levels or column.labels
    labels = [names[int(v)] if names else name_of(column.kind, v) for v in values.tolist()]
    return tuple(sorted(zip(labels, counts.tolist(), strict=True), key=lambda entry: (-entry[1], entry[0])))


def _prepared(plan: ColumnPlan, recipe: Recipe) -> Prepared:
    rule = rule_of(plan.name, recipe.table.fills)
    dropped = rule is not None and rule.method is Fill.DROP
    gap = "filled" if plan.fill is not None else "row dropped" if dropped else "error"
    return Prepared(gap, _fill(plan), plan.flag, _encoding(plan, recipe), plan.width)


def _fill(plan: ColumnPlan) -> str | None:
    if plan.fill is None:
        return None
    if plan.labels:
        return plan.labels[int(plan.fill)]
    return name_of(plan.kind, plan.fill) if plan.kind is Kind.BOOLEAN else f"{plan.fill:.6g}"


def _encoding(plan: ColumnPlan, recipe: Recipe) -> str:
    """How a cell becomes elements."""
    match plan.kind:
        case Kind.CATEGORY:
            return f"one-hot of {len(plan.labels)}"
        case Kind.BOOLEAN:
            return "0 or 1"
        case _:
            rule = rule_of(plan.name, (*recipe.column_scales, *((recipe.scale,) if recipe.scale else ())))
            return _scaled(plan.scaling, rule)


def _scaled(scaling: Scaling | None, plan: ScalePlan | None) -> str:
    """`zscore: (x - 43.9) / 5.46`; the method alone where channels have statistics of their own."""
    if scaling is None or plan is None or plan.method is Method.NONE:
        return "as it is"
    method: str = plan.method.value
    if plan.method is Method.LOG or scaling.center.size != 1:
        return method
    center, spread = float(scaling.center.item()), float(scaling.spread.item())
    moved = f"(x {'-' if center > 0 else '+'} {abs(center):.4g})" if center else "x"
    low = f" {'-' if scaling.low < 0 else '+'} {abs(scaling.low):g}" if scaling.low else ""
    return f"{method}: {moved} / {spread:.4g}{low}"


# --- arrays and targets ---------------------------------------------------------------------------


def _array(name: str, values: Numbers, raw: Raw, dataset: Dataset) -> ArrayView:
    scaling = dataset.preparation.inputs.get(name) if dataset.preparation else None
    encoding = _scaled(scaling, raw.recipe.scale)
    return ArrayView(name, values.shape[1:], str(values.dtype), spread_of(values), encoding)


def _targets(raw: Raw, dataset: Dataset) -> tuple[TargetView, ...]:
    """All but a text's, which is the text again."""
    fitted = dataset.preparation.targets if dataset.preparation else {}
    stated = [field for field in raw.targets if field.name in fitted and not field.reconstructs]
    fields = (field for field in stated if not isinstance(raw.table.targets[field.name], Tokens))
    return tuple(_target(field, fitted[field.name], raw, dataset) for field in fields)


def _target(field: TargetField, fitted: TargetPreparation, raw: Raw, dataset: Dataset) -> TargetView:
    values = raw.table.targets[field.name]
    missing = int(np.isnan(values.values).sum()) if isinstance(values, Column) else 0
    parts = {name: dataset.beside[field.name][rows] for name, rows in parts_of(dataset).items()}
    if fitted.classes is None:
        spreads = {name: spread_of(fitted.restore(part).astype(np.float64)) for name, part in parts.items()}
        encoding = _scaled(fitted.scaling, raw.recipe.scale_target)
        return TargetView(field.name, field.shape, missing, None, spreads, encoding)
    labels, weights = [text_of(label) for label in fitted.classes], fitted.class_weights
    counts = {name: np.bincount(part.astype(np.int64).ravel(), minlength=len(labels)) for name, part in parts.items()}
    views = tuple(
        ClassView(
            label,
            {name: int(of[k]) for name, of in counts.items()},
            {name: float(of[k] / max(1, of.sum())) for name, of in counts.items()},
            weights[k] if weights else None,
        )
        for k, label in enumerate(labels)
    )
    return TargetView(field.name, field.shape, missing, views, None, _numbered(labels))


def _numbered(labels: Sequence[str]) -> str:
    """`no = 0, yes = 1`, or how many there are."""
    if len(labels) > FEW or labels == [str(k) for k in range(len(labels))]:
        return f"classes 0 to {len(labels) - 1}"
    return ", ".join(f"{label} = {k}" for k, label in enumerate(labels))
