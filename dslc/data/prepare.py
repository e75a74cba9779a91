"""A raw table to what training reads: split, classes as ids, inputs and target scaled.

Everything fitted (classes, scalings) comes from the training rows and is kept in a `Preparation`, which
does the same to rows that come later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.classes import Label, as_stored, class_ids, find_classes
from dslc.data.load import Raw
from dslc.data.recipe import PythonSource, Recipe, ScalePlan
from dslc.data.scale import Reals, Scaling, fit_scaling
from dslc.data.schema import Schema, TargetField, Task
from dslc.data.split import Parts, Rows, all_training, split_random, split_stratified
from dslc.data.table import Numbers, Table
from dslc.diagnostics import DataError, Diagnostic, ModelError, in_order


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """What was fitted on the training rows: scalings by input, the target's, and the classes' labels by id."""

    inputs: Mapping[str, Scaling]
    target: Scaling | None
    classes: tuple[Label, ...] | None

    def apply(self, inputs: Mapping[str, Numbers]) -> dict[str, Reals]:
        """Inputs [rows, *shape] as the net reads them, float64."""
        reals = {name: values.astype(np.float64) for name, values in inputs.items()}
        return {name: self.inputs[name].apply(v) if name in self.inputs else v for name, v in reals.items()}

    def restore(self, predicted: Reals) -> Reals:
        """Predicted values in the target's own unit."""
        return self.target.invert(predicted) if self.target else predicted


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Prepared rows. A data block that Python feeds has none before `fit`, and no preparation.

    `inputs[name]` is [rows, *shape] float64; `target` is [rows] int64 class ids or [rows, *shape] float64;
    `train`, `val` and `test` are disjoint, increasing row numbers.
    """

    schema: Schema
    inputs: Mapping[str, Reals]
    target: NDArray[np.int64] | Reals | None
    train: Rows
    val: Rows
    test: Rows
    preparation: Preparation | None


def prepare(raw: Raw, task: Task, parts: Parts | None = None, fitted: Preparation | None = None) -> Dataset:
    """Split, encode and scale.

    `parts` replaces the data block's split (all rows train where it has none); `fitted` is used in place of
    statistics of these rows, and kept where there are none yet. Raises ModelError if the data block and the task
    disagree, DataError for labels.
    """
    _meets(raw, task)
    table = raw.table
    if table.rows == 0:
        nothing = all_training(0)
        schema = _schema(raw, raw.target.classes if raw.target else None)
        return Dataset(
            schema,
            Preparation({}, None, None).apply(table.inputs),
            None,
            nothing.train,
            nothing.val,
            nothing.test,
            fitted,
        )
    parts = parts or _split(raw.recipe, table)
    fitted = fitted or _fit(raw, task, parts.train)
    target = _target(raw, task, fitted)
    schema = _schema(raw, len(fitted.classes) if fitted.classes else None)
    return Dataset(schema, fitted.apply(table.inputs), target, parts.train, parts.val, parts.test, fitted)


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
    if task is Task.CLASSES and raw.recipe.scale_target is not None:
        faults.append(errors.ScaledClasses(raw.recipe.scale_target.span))
    if task is Task.CLASSES and isinstance(raw.recipe.source, PythonSource) and target.classes is None:
        faults.append(errors.UncountedClasses(target.span, target.name))
    if faults:
        raise ModelError(in_order(faults))


def _schema(raw: Raw, classes: int | None) -> Schema:
    target = raw.target
    field = TargetField(target.name, target.shape, classes, target.span) if target else None
    return Schema(raw.inputs, field, raw.recipe.span)


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
    table, recipe, target = raw.table, raw.recipe, raw.target
    inputs: dict[str, Scaling] = {}
    for field in raw.inputs:
        if recipe.scale is not None:
            inputs[field.name] = _scaling(table.inputs[field.name][train], recipe.scale, f'"{field.name}"')
    if target is None or table.target is None:
        return Preparation(inputs, None, None)
    if task is Task.VALUES:
        scale = recipe.scale_target
        scaling = _scaling(table.target[train], scale, f'the target "{target.name}"') if scale else None
        return Preparation(inputs, scaling, None)
    if target.classes is not None:
        return Preparation(inputs, None, as_stored(range(target.classes), table.target))
    return Preparation(inputs, None, find_classes(table.target, train, target.name, table.origin))


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
        reals: Reals = values.astype(np.float64)
        return fitted.target.apply(reals) if fitted.target else reals
    classes = fitted.classes or ()
    declared = raw.target.classes
    why = f"is outside class({declared}), 0 to {declared - 1}" if declared else "is in no training row"
    return class_ids(values, classes, why, raw.target.name, raw.table.origin)
