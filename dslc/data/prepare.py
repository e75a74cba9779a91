"""A raw table to what training reads: split, gaps filled, categories and classes as ids, numbers scaled.

Rows without a target are left out before the split, rows that `missing drop rows` is about after it. Everything
fitted (fills, categories, classes, scalings) comes from the training rows and is kept in a `Preparation`, which
does the same to rows that come later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.balance import row_weights
from dslc.data.classes import class_ids, outside
from dslc.data.column import Column
from dslc.data.columns import reach, rule_of
from dslc.data.load import Raw
from dslc.data.prepared import PreparedRows
from dslc.data.recipe import Recipe, TextSource
from dslc.data.scale import Reals, Scaling, fit_scaling
from dslc.data.schema import InputField, Schema, TargetField, Task
from dslc.data.series import Windows, cut
from dslc.data.split import Parts, Rows, all_training, in_time, split_in_time, split_random, split_stratified
from dslc.data.table import PYTHON, Frame, Numbers, Origin, Series, Table
from dslc.data.table_preparation import TablePreparation, fit_table, full_enough
from dslc.data.table_recipe import DropPlan, Fill
from dslc.data.target_preparation import Ids, TargetPreparation, check_target, encode, fit_target, of_input
from dslc.data.text_preparation import TextPreparation, fit_text
from dslc.data.tokens import Tokens
from dslc.data.unseen import Unseen
from dslc.diagnostics import DataError, Diagnostic, ModelError, in_order

Tasks: TypeAlias = Mapping[str, Task]
"""What the loss takes each target for."""

NetInputs: TypeAlias = Reals | Ids | PreparedRows | Windows
"""Prepared rows [rows, *shape] of one input, float64 or class ids; those of a table are made when they are read."""

Given: TypeAlias = Numbers | Frame | Series | Tokens
"""Rows of one input before they are prepared."""


ROUNDING = 1e-9
"""How far beyond 0 and 1 scaling may leave what it scales to them."""


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """What was fitted on the training rows: scalings by input, or a table's columns; and what each target needs.

    `classes` are the counts of inputs that are ids, which are checked and otherwise left as they are; `texts` have the
    vocabulary of each input of text.
    """

    inputs: Mapping[str, Scaling]
    targets: Mapping[str, TargetPreparation]
    table: TablePreparation | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, TextPreparation] = field(default_factory=dict)

    def apply(
        self, inputs: Mapping[str, Given], unseen: list[Unseen] | None = None, origin: Origin = PYTHON
    ) -> dict[str, NetInputs]:
        """Inputs [rows, *shape] as the net reads them: float64, or ids; what is new in them is added to `unseen`.

        DataError for cells that do not fit the training, and for ids that are none, which compiled code relies on.
        """
        return {name: self._applied(name, values, unseen, origin) for name, values in inputs.items()}

    def _applied(self, name: str, values: Given, unseen: list[Unseen] | None, origin: Origin) -> NetInputs:
        if isinstance(values, Tokens):
            return self.texts[name].apply(values, name, unseen)
        if isinstance(values, Series):
            return Windows(self._steps(values.steps, unseen), values.starts, values.length)
        if isinstance(values, Frame):
            return self._steps(values, unseen)
        if name in self.classes:
            return class_ids(values, range(self.classes[name]), outside(self.classes[name]), name, origin)
        reals: Reals = values.astype(np.float64)
        return self.inputs[name].apply(reals) if name in self.inputs else reals

    def _steps(self, frame: Frame, unseen: list[Unseen] | None) -> Reals | PreparedRows:
        if self.table is None:
            raise DataError("this model has seen no table; it takes arrays")
        return self.table.apply(frame, unseen)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Prepared rows. A data block that Python feeds has none before `fit`, and no preparation.

    `inputs[name]` is [rows, *shape] float64, or int64 class ids; `beside` has what the loss and metrics read: each
    target, int64 class ids or float64, and what is carried; `train`, `val` and `test` are disjoint, increasing row
    numbers; `weight` is [rows], its mean over the training rows 1, None where all rows count alike; `notes` say what
    was left out, and what is new in rows that do not train. `numbers` is [rows], the rows' numbers before some were
    left out, by which they draw random numbers, None where none was; `came` counts the rows to train on, and all rows,
    before that; `origin` knows the rows that were not left out.
    """

    schema: Schema
    inputs: Mapping[str, NetInputs]
    beside: Mapping[str, Ids | Reals]
    train: Rows
    val: Rows
    test: Rows
    preparation: Preparation | None
    weight: Reals | None = None
    notes: tuple[Diagnostic, ...] = ()
    numbers: Rows | None = None
    came: tuple[int, int] = (0, 0)
    origin: Origin | None = None

    def weighed(self, given: Reals) -> Dataset:
        """With weights [rows] of Python's beside those of the data block."""
        return replace(self, weight=given if self.weight is None else given * self.weight)


def prepare(raw: Raw, tasks: Tasks, parts: Parts | None = None, fitted: Preparation | None = None) -> Dataset:
    """Split, fill, encode and scale.

    `parts` replaces the data block's split (all rows train where it has none); `fitted` is used in place of
    statistics of these rows, and kept where there are none yet. Raises ModelError if the data block and a
    task disagree, DataError for labels and cells.
    """
    _meets(raw, tasks)
    if raw.table.rows == 0:
        return _empty(raw, fitted)
    notes: list[Diagnostic] = []
    came = (len(parts.train) if parts else raw.table.rows, raw.table.rows)
    raw, parts = _in_windows(raw, parts)
    raw, parts = _with_targets(raw, parts, notes)
    parts = parts or _split(raw.recipe, raw.table)
    raw, parts = _without_gaps(_without_columns(raw, parts.train, fitted), parts, notes)
    table = raw.table
    fitted = fitted or _fit(raw, tasks, parts.train)
    beside = {
        t.name: encode(t, table.targets[t.name], fitted.targets[t.name], table.origin)
        for t in raw.targets
        if not t.reconstructs
    }
    inputs: dict[str, Given] = {**table.inputs, **table.texts}
    if table.columns:
        inputs[raw.inputs[0].name] = Frame(table.rows, table.columns, table.origin)
    if table.series is not None:
        inputs[raw.inputs[0].name] = table.series
    weight, schema = _weight(table, fitted, beside, parts.train), _schema(raw, fitted)
    unseen: list[Unseen] = []
    prepared = fitted.apply(inputs, unseen, table.origin)
    notes += [errors.UnseenCategory(raw.inputs[0].span, new.text) for new in unseen]
    beside |= {name: _carried(name, values, table) for name, values in table.carried.items()}
    beside |= _reconstructed(raw, prepared, tasks, parts.train)
    ours = (parts.train, parts.val, parts.test)
    return Dataset(schema, prepared, beside, *ours, fitted, weight, tuple(notes), table.numbers, came, table.origin)


def _in_windows(raw: Raw, parts: Parts | None) -> tuple[Raw, Parts | None]:
    """Rows in time as windows of them, a row for each, where the data block asks for windows."""
    window, table = raw.recipe.window, raw.table
    if window is None:
        return raw, parts
    if parts is None:
        table = table if table.times is None else table.take(in_time(table.times))
        parts = _split(raw.recipe, table)
    table, parts = cut(table, parts, window)
    return raw.replaced(table=table), parts


def _reconstructed(
    raw: Raw, prepared: Mapping[str, NetInputs], tasks: Tasks, train: Rows
) -> Iterator[tuple[str, Ids | Reals]]:
    """The prepared inputs that are their own targets. ModelError where the loss takes shares, and they are none."""
    for target in raw.targets:
        values = prepared[target.name] if target.reconstructs else None
        if values is None or isinstance(values, PreparedRows | Windows):  # no table is reconstructed yet
            continue
        if tasks[target.name] is Task.SHARES and target.classes is None:
            low, high = float(values[train].min()), float(values[train].max())
            if low < -ROUNDING or high > 1 + ROUNDING:
                raise ModelError([errors.NoShares(target.span, target.name, f"{low:g}", f"{high:g}")])
        yield target.name, values


def _carried(name: str, values: Numbers, table: Table) -> Reals:
    """What is carried, as it is. DataError for a gap."""
    reals: Reals = values.astype(np.float64)
    if reals.ndim == 1 and (gaps := np.isnan(reals)).any():
        raise DataError(f"{table.origin.place(name, int(np.argmax(gaps)))}: a missing value in a carried column")
    return reals


def _weight(table: Table, fitted: Preparation, beside: Mapping[str, Ids | Reals], train: Rows) -> Reals | None:
    """How much each row counts, by its own weight and by its class."""
    for name, target in fitted.targets.items():
        if target.class_weights is not None:
            return row_weights(table.weight, target.class_weights, beside[name].astype(np.int64), train)
    return row_weights(table.weight, None, np.empty(0, np.int64), train)


def _empty(raw: Raw, fitted: Preparation | None) -> Dataset:
    nothing = all_training(0)
    inputs = {name: values.astype(np.float64) for name, values in raw.table.inputs.items()}
    return Dataset(_schema(raw, None), inputs, {}, nothing.train, nothing.val, nothing.test, fitted)


def _with_targets(raw: Raw, parts: Parts | None, notes: list[Diagnostic]) -> tuple[Raw, Parts | None]:
    """The rows that have every target; DataError if none has."""
    for target in raw.targets:
        values = raw.table.targets[target.name]
        kept = ~np.isnan(values.values) if isinstance(values, Column) else np.ones(1, np.bool_)
        if kept.all():
            continue
        if not kept.any():
            raise DataError(f"{raw.table.origin.place(target.name, 0)}: no row has a target")
        notes.append(errors.RowsLeftOut(target.span, int((~kept).sum()), len(kept), f"have no `{target.name}`"))
        raw, parts = _kept(raw, kept), _kept_parts(parts, kept) if parts else None
    return raw, parts


def _without_columns(raw: Raw, train: Rows, fitted: Preparation | None) -> Raw:
    """The columns that the preparation has, or that are not to be dropped."""
    series, drop = raw.table.series, raw.recipe.table.drop
    if series is not None:
        assert raw.table.training_steps is not None  # the rows are windows
        kept = _columns(series.steps.columns, drop, raw.table.training_steps, fitted)
        series = replace(series, steps=replace(series.steps, columns=kept))
        return raw.replaced(table=replace(raw.table, series=series))
    if not raw.table.columns:
        return raw
    return raw.replaced(table=replace(raw.table, columns=_columns(raw.table.columns, drop, train, fitted)))


def _columns(
    columns: Mapping[str, Column], drop: DropPlan | None, train: Rows, fitted: Preparation | None
) -> Mapping[str, Column]:
    if fitted is not None and fitted.table is not None:
        return {plan.name: columns[plan.name] for plan in fitted.table.columns}
    return columns if drop is None else full_enough(columns, drop, train)


def _without_gaps(raw: Raw, parts: Parts, notes: list[Diagnostic]) -> tuple[Raw, Parts]:
    """The rows without gaps in the columns that `missing drop rows` is about."""
    rules = {name: rule_of(name, raw.recipe.table.fills) for name in raw.table.columns}
    dropping = [(name, rule) for name, rule in rules.items() if rule is not None and rule.method is Fill.DROP]
    kept = np.ones(raw.table.rows, np.bool_)
    for name, _ in dropping:
        kept &= ~np.isnan(raw.table.columns[name].values)
    if kept.all():
        return raw, parts
    left = _kept_parts(parts, kept)
    if not len(left.train):
        raise DataError("`missing drop rows` leaves no training row")
    span = dropping[0][1].span
    notes.append(errors.RowsLeftOut(span, int((~kept).sum()), len(kept), "have missing cells"))
    return _kept(raw, kept), left


def _kept(raw: Raw, kept: NDArray[np.bool_]) -> Raw:
    return raw.replaced(table=raw.table.take(np.flatnonzero(kept)))


def _kept_parts(parts: Parts, kept: NDArray[np.bool_]) -> Parts:
    place = np.cumsum(kept) - 1
    return Parts(*(place[part[kept[part]]] for part in (parts.train, parts.val, parts.test)))


def _meets(raw: Raw, tasks: Tasks) -> None:
    """ModelError for what the data block says of targets that their losses do not take so."""
    recipe = raw.recipe
    faults: list[Diagnostic] = []
    targets = [target for target in raw.targets if not target.reconstructs]
    for target in targets:
        faults += check_target(target, raw.table.targets[target.name], tasks[target.name], recipe)
    classes = [target.name for target in targets if tasks[target.name] is Task.CLASSES]
    if targets and recipe.class_weight is not None and len(classes) != 1:
        faults.append(errors.WeightsOfValues(recipe.class_weight, "" if not classes else f": {', '.join(classes)}"))
    if classes and recipe.scale_target is not None and len(classes) == len(targets):
        faults.append(errors.ScaledClasses(recipe.scale_target.span))
    if faults:
        raise ModelError(in_order(faults))


def _schema(raw: Raw, fitted: Preparation | None) -> Schema:
    """The schema of the prepared rows, as far as anything was fitted."""
    inputs, targets = raw.inputs, raw.targets
    if fitted is not None:
        classes = {name: len(target.classes) if target.classes else None for name, target in fitted.targets.items()}
        targets = tuple(target.replaced(classes=classes[target.name]) for target in targets)
    if fitted is not None and fitted.table is not None:
        inputs = (_fitted_field(raw, inputs[0], fitted.table),)
    if fitted is not None and fitted.texts:
        inputs = tuple(f.replaced(classes=len(fitted.texts[f.name].labels)) for f in inputs)
    return Schema(inputs, targets, raw.recipe.span, raw.carried)


def _fitted_field(raw: Raw, field: InputField, table: TablePreparation) -> InputField:
    """The input with its width, and the columns that it still needs."""
    needed = reach((plan.name for plan in table.columns), raw.recipe.table.formulas)
    kinds = dict(zip(field.columns, field.kinds, strict=True))
    columns = tuple(name for name in field.columns if name in needed)
    shape = (*field.shape[:-1], len(table.names))
    return field.replaced(shape=shape, columns=columns, kinds=tuple(kinds[name] for name in columns))


def _split(recipe: Recipe, table: Table) -> Parts:
    plan = recipe.split
    if plan is None:
        return all_training(table.rows)
    if plan.in_time:
        return split_in_time(table.rows, table.times, plan.shares)
    if plan.stratified is None:
        return split_random(table.rows, plan.shares, plan.seed)
    if table.strata is None:
        raise DataError(f'the split is stratified by "{plan.stratified.text}", which these arrays do not hold')
    return split_stratified(table.strata, plan.stratified.text, plan.shares, plan.seed)


def _fit(raw: Raw, tasks: Tasks, train: Rows) -> Preparation:
    recipe, table, schema = raw.recipe, raw.table, _schema(raw, None)
    inputs: dict[str, Scaling] = {}
    for name, array in table.inputs.items():
        if recipe.scale is not None and name not in schema.class_inputs:
            inputs[name] = fit_scaling(array[train].astype(np.float64), recipe.scale, f'"{name}"')
    texts = _fit_texts(raw)
    targets = {target.name: _fit_target(raw, target, inputs, texts, tasks, train) for target in raw.targets}
    columns = fit_table(table.columns, recipe, train, table.origin) if table.columns else None
    if table.series is not None and table.training_steps is not None:
        steps = table.series.steps
        columns = fit_table(steps.columns, recipe, table.training_steps, steps.origin)
    return Preparation(inputs, targets, columns, schema.class_inputs, texts)


def _fit_target(
    raw: Raw,
    target: TargetField,
    inputs: Mapping[str, Scaling],
    texts: Mapping[str, TextPreparation],
    tasks: Tasks,
    train: Rows,
) -> TargetPreparation:
    """A target's preparation; one that is an input again, or what follows in a text, shares that of the input."""
    if target.reconstructs:
        return of_input(target, inputs.get(target.name))
    values = raw.table.targets[target.name]
    if isinstance(values, Tokens):
        return TargetPreparation(classes=next(iter(texts.values())).labels)
    return fit_target(target, values, tasks[target.name], raw.recipe, train, raw.table.origin)


def _fit_texts(raw: Raw) -> dict[str, TextPreparation]:
    """The vocabulary of each input of text; a target of what follows shares it."""
    source, table = raw.recipe.source, raw.table
    if not isinstance(source, TextSource) or table.training_steps is None:
        return {}
    shapes = {field.name: field.shape for field in raw.inputs}
    return {
        name: fit_text(tokens, source.plan, shapes[name][0], table.training_steps)
        for name, tokens in table.texts.items()
    }
