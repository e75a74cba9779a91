"""A raw table to what training reads: split, gaps filled, categories and classes as ids, numbers scaled.

Rows without a target are left out before the split, rows that `missing drop rows` is about after it. Everything
fitted (fills, categories, classes, scalings) comes from the training rows and is kept in a `Preparation`, which
does the same to rows that come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.balance import class_weights, row_weights
from dslc.data.classes import Label, as_stored, class_ids, find_classes, with_positive
from dslc.data.column import NOUNS, Column, Kind
from dslc.data.columns import reach, rule_of
from dslc.data.load import Raw
from dslc.data.recipe import PythonSource, Recipe, ScalePlan
from dslc.data.scale import Reals, Scaling, fit_scaling
from dslc.data.schema import InputField, Schema, TargetField, Task
from dslc.data.split import Parts, Rows, all_training, split_random, split_stratified
from dslc.data.table import Frame, Numbers, Table
from dslc.data.table_preparation import TablePreparation, fit_table, full_enough
from dslc.data.table_recipe import Fill
from dslc.data.unseen import Unseen
from dslc.diagnostics import DataError, Diagnostic, ModelError, in_order


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """What was fitted on the training rows.

    Scalings by input, or the columns of a table; the target's scaling, or the labels of its classes by id and the
    weight of each class.
    """

    inputs: Mapping[str, Scaling]
    target: Scaling | None
    classes: tuple[Label, ...] | None
    table: TablePreparation | None = None
    class_weights: tuple[float, ...] | None = None

    def apply(self, inputs: Mapping[str, Numbers | Frame], unseen: list[Unseen] | None = None) -> dict[str, Reals]:
        """Inputs [rows, *shape] as the net reads them, float64; what is new in them is added to `unseen`.

        DataError for cells that do not fit the training.
        """
        return {name: self._applied(name, values, unseen) for name, values in inputs.items()}

    def _applied(self, name: str, values: Numbers | Frame, unseen: list[Unseen] | None) -> Reals:
        if isinstance(values, Frame):
            if self.table is None:
                raise DataError("this model has seen no table; it takes arrays")
            return self.table.apply(values, unseen)
        reals: Reals = values.astype(np.float64)
        return self.inputs[name].apply(reals) if name in self.inputs else reals

    def restore(self, predicted: Reals) -> Reals:
        """Predicted values in the target's own unit."""
        return self.target.invert(predicted) if self.target else predicted


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Prepared rows. A data block that Python feeds has none before `fit`, and no preparation.

    `inputs[name]` is [rows, *shape] float64; `target` is [rows] int64 class ids or [rows, *shape] float64;
    `train`, `val` and `test` are disjoint, increasing row numbers; `weight` is [rows], its mean over the training rows
    1, None where all rows count alike; `notes` say what was left out, and what is new in rows that do not train.
    `numbers` is [rows], the rows' numbers before some were left out, by which they draw random numbers, None where none
    was; `came` counts the rows to train on, and all rows, before that.
    """

    schema: Schema
    inputs: Mapping[str, Reals]
    target: NDArray[np.int64] | Reals | None
    train: Rows
    val: Rows
    test: Rows
    preparation: Preparation | None
    weight: Reals | None = None
    notes: tuple[Diagnostic, ...] = ()
    numbers: Rows | None = None
    came: tuple[int, int] = (0, 0)


def prepare(raw: Raw, task: Task, parts: Parts | None = None, fitted: Preparation | None = None) -> Dataset:
    """Split, fill, encode and scale.

    `parts` replaces the data block's split (all rows train where it has none); `fitted` is used in place of
    statistics of these rows, and kept where there are none yet. Raises ModelError if the data block and the task
    disagree, DataError for labels and cells.
    """
    _meets(raw, task)
    if raw.table.rows == 0:
        return _empty(raw, fitted)
    notes: list[Diagnostic] = []
    came = (len(parts.train) if parts else raw.table.rows, raw.table.rows)
    raw, parts = _with_target(raw, parts, notes)
    parts = parts or _split(raw.recipe, raw.table)
    raw, parts = _without_gaps(_without_columns(raw, parts.train, fitted), parts, notes)
    table = raw.table
    fitted = fitted or _fit(raw, task, parts.train)
    target = _target(raw, task, fitted)
    inputs: dict[str, Numbers | Frame] = dict(table.inputs)
    if table.columns:
        inputs[raw.inputs[0].name] = Frame(table.rows, table.columns, table.origin)
    weight = row_weights(table.weight, fitted.class_weights, target, parts.train)
    schema = _schema(raw, len(fitted.classes) if fitted.classes else None, fitted)
    unseen: list[Unseen] = []
    prepared = fitted.apply(inputs, unseen)
    notes += [errors.UnseenCategory(raw.inputs[0].span, new.text) for new in unseen]
    ours = (parts.train, parts.val, parts.test)
    return Dataset(schema, prepared, target, *ours, fitted, weight, tuple(notes), table.numbers, came)


def _empty(raw: Raw, fitted: Preparation | None) -> Dataset:
    nothing = all_training(0)
    inputs = {name: values.astype(np.float64) for name, values in raw.table.inputs.items()}
    schema = _schema(raw, raw.target.classes if raw.target else None, None)
    return Dataset(schema, inputs, None, nothing.train, nothing.val, nothing.test, fitted)


def _with_target(raw: Raw, parts: Parts | None, notes: list[Diagnostic]) -> tuple[Raw, Parts | None]:
    """The rows that have a target; DataError if none has."""
    target, values = raw.target, raw.table.target
    if target is None or not isinstance(values, Column):
        return raw, parts
    kept = ~np.isnan(values.values)
    if kept.all():
        return raw, parts
    if not kept.any():
        raise DataError(f"{raw.table.origin.place(target.name, 0)}: no row has a target")
    notes.append(errors.RowsLeftOut(target.span, int((~kept).sum()), len(kept), f"have no `{target.name}`"))
    return _kept(raw, kept), _kept_parts(parts, kept) if parts else None


def _without_columns(raw: Raw, train: Rows, fitted: Preparation | None) -> Raw:
    """The columns that the preparation has, or that are not to be dropped."""
    columns, drop = raw.table.columns, raw.recipe.table.drop
    if not columns:
        return raw
    if fitted is not None and fitted.table is not None:
        columns = {plan.name: columns[plan.name] for plan in fitted.table.columns}
    elif drop is not None:
        columns = full_enough(columns, drop, train)
    return replace(raw, table=replace(raw.table, columns=columns))


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
    return replace(raw, table=raw.table.take(np.flatnonzero(kept)))


def _kept_parts(parts: Parts, kept: NDArray[np.bool_]) -> Parts:
    place = np.cumsum(kept) - 1
    return Parts(*(place[part[kept[part]]] for part in (parts.train, parts.val, parts.test)))


def _meets(raw: Raw, task: Task) -> None:
    """ModelError for what the data block says of a target that the loss does not take so."""
    target = raw.target
    faults: list[Diagnostic] = []
    if target is None:
        return
    if task is Task.VALUES and target.classes is not None:
        faults.append(errors.ClassesAsValues(target.span, target.name))
    if task is Task.CLASSES and target.shape:
        faults.append(errors.NotScalar(target.span, "the loss", target.name, str(list(target.shape))))
    if task is Task.VALUES and raw.recipe.positive is not None:
        faults.append(errors.BadPositive(raw.recipe.positive.span, "`positive` needs a loss that takes classes"))
    if task is Task.VALUES and raw.recipe.class_weight is not None:
        faults.append(errors.WeightsOfValues(raw.recipe.class_weight))
    values = raw.table.target
    if task is Task.VALUES and isinstance(values, Column) and values.kind in (Kind.CATEGORY, Kind.DATE):
        faults.append(errors.TextAsValues(target.span, target.name, NOUNS[values.kind]))
    if task is Task.CLASSES and raw.recipe.scale_target is not None:
        faults.append(errors.ScaledClasses(raw.recipe.scale_target.span))
    if task is Task.CLASSES and isinstance(raw.recipe.source, PythonSource) and target.classes is None:
        faults.append(errors.UncountedClasses(target.span, target.name))
    if faults:
        raise ModelError(in_order(faults))


def _schema(raw: Raw, classes: int | None, fitted: Preparation | None) -> Schema:
    target = raw.target
    field = TargetField(target.name, target.shape, classes, target.span) if target else None
    inputs = raw.inputs
    if fitted is not None and fitted.table is not None:
        inputs = (_fitted_field(raw, inputs[0], fitted.table),)
    return Schema(inputs, field, raw.recipe.span)


def _fitted_field(raw: Raw, field: InputField, table: TablePreparation) -> InputField:
    """The input with its width, and the columns that it still needs."""
    needed = reach((plan.name for plan in table.columns), raw.recipe.table.formulas)
    kinds = dict(zip(field.columns, field.kinds, strict=True))
    columns = tuple(name for name in field.columns if name in needed)
    return replace(field, shape=(len(table.names),), columns=columns, kinds=tuple(kinds[name] for name in columns))


def _split(recipe: Recipe, table: Table) -> Parts:
    plan = recipe.split
    if plan is None:
        return all_training(table.rows)
    if plan.stratified is None:
        return split_random(table.rows, plan.shares, plan.seed)
    if table.strata is None:
        raise DataError(f'the split is stratified by "{plan.stratified.text}", which these arrays do not hold')
    return split_stratified(table.strata, plan.stratified.text, plan.shares, plan.seed)


def _fit(raw: Raw, task: Task, train: Rows) -> Preparation:
    recipe, target = raw.recipe, raw.table.target
    inputs: dict[str, Scaling] = {}
    for name, values in raw.table.inputs.items():
        if recipe.scale is not None:
            inputs[name] = _scaling(values[train], recipe.scale, f'"{name}"')
    table = fit_table(raw.table.columns, recipe, train, raw.table.origin) if raw.table.columns else None
    if raw.target is None or target is None:
        return Preparation(inputs, None, None, table)
    if task is Task.VALUES:
        plan, values = recipe.scale_target, _numbers(target)
        scaling = _scaling(values[train], plan, f'the target "{raw.target.name}"') if plan else None
        return Preparation(inputs, scaling, None, table)
    classes = _classes(raw, target, raw.target, train)
    weights = None
    if recipe.class_weight is not None:
        weights = class_weights(_ids(raw, target, raw.target, classes)[train], len(classes))
    return Preparation(inputs, None, classes, table, weights)


def _classes(raw: Raw, values: Numbers | Column, target: TargetField, train: Rows) -> tuple[Label, ...]:
    if target.classes is not None:
        classes = as_stored(range(target.classes), values)
    else:
        classes = find_classes(values, train, target.name, raw.table.origin)
    return with_positive(classes, raw.recipe.positive, target.name) if raw.recipe.positive else classes


def _numbers(values: Numbers | Column) -> Numbers:
    return values.values if isinstance(values, Column) else values


def _scaling(values: Numbers, plan: ScalePlan, name: str) -> Scaling:
    try:
        return fit_scaling(values.astype(np.float64), plan)
    except OverflowError as error:
        raise DataError(f"{name}: {error}") from None


def _target(raw: Raw, task: Task, fitted: Preparation) -> NDArray[np.int64] | Reals | None:
    """The target as the loss reads it."""
    values = raw.table.target
    if raw.target is None or values is None:
        return None
    if task is Task.VALUES:
        reals: Reals = _numbers(values).astype(np.float64)
        return fitted.target.apply(reals) if fitted.target else reals
    return _ids(raw, values, raw.target, fitted.classes or ())


def _ids(raw: Raw, values: Numbers | Column, target: TargetField, classes: tuple[Label, ...]) -> NDArray[np.int64]:
    declared = target.classes
    why = f"is outside class({declared}), 0 to {declared - 1}" if declared else "is in no training row"
    return class_ids(values, classes, why, target.name, raw.table.origin)
