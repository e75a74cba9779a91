"""A target as its loss reads it: class ids of labels, or values on a scale; and back to the target's own terms.

What is fitted (the classes, their weights, the scale) comes from the training rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslc.data import errors
from dslc.data.balance import class_weights
from dslc.data.classes import Label, as_stored, class_ids, find_classes, outside, text_of, with_positive
from dslc.data.column import NOUNS, Column, Kind
from dslc.data.recipe import PythonSource, Recipe
from dslc.data.scale import Reals, Scaling, fit_scaling
from dslc.data.schema import TargetField, Task
from dslc.data.split import Rows
from dslc.data.table import Numbers, Origin, numbers_of
from dslc.data.tokens import Tokens, encode_tokens
from dslc.diagnostics import Diagnostic

Ids: TypeAlias = NDArray[np.int64]

MANY = 20
"""More classes than are named in a message, or than most targets have."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetPreparation:
    """The scale of values, if any; or the labels of classes by id, and the weight of each class."""

    scaling: Scaling | None = None
    classes: tuple[Label, ...] | None = None
    class_weights: tuple[float, ...] | None = None

    def restore(self, decided: NDArray[np.generic]) -> NDArray[np.generic]:
        """Decisions [rows, ..] as labels, or as values in the target's own unit."""
        if self.classes is not None:
            return np.asarray(self.classes)[decided.astype(np.int64)]
        values: Reals = decided.astype(np.float64)
        return self.scaling.invert(values) if self.scaling else values


Truths: TypeAlias = Numbers | Column | Tokens
"""A target as its source has it."""


def check_target(target: TargetField, values: Truths, task: Task, recipe: Recipe) -> Iterator[Diagnostic]:
    """What the data block says of a target that its loss does not take so."""
    positive = recipe.positives.get(target.name)
    if task is Task.VALUES and target.classes is not None:
        yield errors.ClassesAsValues(target.span, target.name)
    if task is Task.CLASSES and target.shape and recipe.class_weight is not None:
        yield errors.NotScalar(recipe.class_weight, "`class_weight`", target.name, str(list(target.shape)))
    if task is Task.VALUES and positive is not None:
        yield errors.BadPositive(positive.span, "`positive` needs a loss that takes classes")
    if task is Task.VALUES and isinstance(values, Tokens):
        yield errors.TextAsValues(target.span, target.name, "text")
    if task is Task.VALUES and isinstance(values, Column) and values.kind in (Kind.CATEGORY, Kind.DATE):
        yield errors.TextAsValues(target.span, target.name, NOUNS[values.kind])
    if task is Task.CLASSES and isinstance(recipe.source, PythonSource) and target.classes is None:
        yield errors.UncountedClasses(target.span, target.name)


def fit_target(
    target: TargetField, values: Numbers | Column, task: Task, recipe: Recipe, train: Rows, origin: Origin
) -> TargetPreparation:
    """The preparation from the training rows of `values` [rows, *shape]. DataError for labels that are none."""
    if task is Task.VALUES:
        plan = recipe.scale_target
        training: Reals = numbers_of(values)[train].astype(np.float64)
        return TargetPreparation(fit_scaling(training, plan, f'the target "{target.name}"') if plan else None)
    if target.classes is not None:
        classes = as_stored(range(target.classes), values)
    else:
        classes = find_classes(values, train, target.name, origin)
    positive = recipe.positives.get(target.name)
    classes = with_positive(classes, positive, target.name) if positive else classes
    weights = None
    if recipe.class_weight is not None:
        weights = class_weights(_ids(target, values, classes, origin)[train], len(classes))
    return TargetPreparation(None, classes, weights)


def of_input(target: TargetField, scaling: Scaling | None) -> TargetPreparation:
    """Of an input that is its own target: what was fitted for the input."""
    return TargetPreparation(scaling, None if target.classes is None else tuple(range(target.classes)))


def encode(target: TargetField, values: Truths, fitted: TargetPreparation, origin: Origin) -> Ids | Reals:
    """The target as the loss reads it: class ids or values (float64) [rows, *shape]. DataError for labels."""
    if isinstance(values, Tokens):
        return encode_tokens(values, [str(label) for label in fitted.classes or ()], target.shape[0])
    if fitted.classes is not None:
        return _ids(target, values, fitted.classes, origin)
    reals: Reals = numbers_of(values).astype(np.float64)
    return fitted.scaling.apply(reals) if fitted.scaling else reals


def _ids(target: TargetField, values: Numbers | Column, classes: Sequence[Label], origin: Origin) -> Ids:
    return class_ids(values, classes, _stranger(target, values, classes), target.name, origin)


def _stranger(target: TargetField, values: Numbers | Column, classes: Sequence[Label]) -> str:
    """What is wrong with a label that is none of the classes."""
    if target.classes is None:
        numbers = not isinstance(values, Column) or values.kind is Kind.NUMBER
        advice = "; for a target that counts or measures take a loss of values such as `huber`"
        return "is in no training row" + (advice if numbers and len(classes) > MANY else "")
    if tuple(classes) == tuple(range(target.classes)):
        return outside(target.classes)
    named = ", ".join(text_of(label) for label in classes[:MANY])
    return f"is none of {named}{', ...' if len(classes) > MANY else ''}"
