"""What a trained net says about rows, in each target's own terms: the raw outputs of `predict` to labels and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from dslc.data.classes import Label
from dslc.data.prepare import Preparation
from dslc.data.schema import Schema
from dslc.data.target_preparation import TargetPreparation
from dslc.graph.graph import Array

T = TypeVar("T")

UNPREPARED = TargetPreparation()
"""Of a prediction without a target."""


def fitted_for(name: str, fitted: Preparation) -> TargetPreparation:
    """What was fitted for the head's target, if it has one."""
    return fitted.targets.get(name, UNPREPARED)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Of one target: `decided` [rows, ..] are labels or values in its own unit, `raw` the net's output before the link.

    Where the target has `classes`, `probability` is [rows, .., classes] in their order.
    """

    decided: Array
    raw: Array
    classes: tuple[Label, ...] | None
    probability: Array | None


def predictions(outputs: Mapping[str, Array], schema: Schema, fitted: Preparation) -> dict[str, Prediction]:
    """By head, from the outputs of the program's `predict`."""
    return {
        name: _prediction(name, outputs, fitted_for(name, fitted))
        for name in schema.heads
        if f"decision.{name}" in outputs
    }


def _prediction(name: str, outputs: Mapping[str, Array], target: TargetPreparation) -> Prediction:
    classes = target.classes
    decision = outputs[f"decision.{name}"]
    probability = _chances(outputs[f"probability.{name}"], decision) if classes is not None else None
    return Prediction(target.restore(decision), outputs[f"prediction.{name}"], classes, probability)


def _chances(probability: Array, decision: Array) -> Array:
    """The probability of each class, along the last axis; of two that one number tells apart it is the second's."""
    if probability.ndim > decision.ndim and probability.shape[-1] > 1:
        return probability
    second = probability.reshape(decision.shape)
    return np.stack([1 - second, second], axis=-1)


def only(by_head: dict[str, T]) -> T | dict[str, T]:
    """The value of the only head, or all of them by name."""
    return next(iter(by_head.values())) if len(by_head) == 1 else by_head


def unfitted(schema: Schema) -> Preparation:
    """What a model that was never fitted prepares: nothing; it knows declared classes only."""
    classes = {target.name: tuple(range(target.classes)) if target.classes else None for target in schema.targets}
    targets = {name: TargetPreparation(classes=labels) for name, labels in classes.items()}
    return Preparation({}, targets, None, schema.class_inputs)
