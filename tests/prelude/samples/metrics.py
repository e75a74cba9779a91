"""Metrics, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.definition import Sample

from .draws import Draw, Sampler, classes, one, pair, shape, size


def many(draw: Draw) -> Sample:
    """Enough that no class is missing: a root has no slope at 0."""
    steps, count = (5, 5 + size(draw)), int(draw.integers(2, 4))
    return Sample({"prediction": (*steps, count), "target": steps}, {}, count)


def any_classes(draw: Draw) -> Sample:
    return classes(draw) if draw.random() < 0.7 else Sample(ONE, {}, 2)


ONE: Mapping[str, tuple[int, ...]] = {"prediction": (), "target": ()}


def scores(draw: Draw) -> Sample:
    count = (size(draw),)
    return Sample({"score": count, "seen": count}, {})


def share(draw: Draw) -> Sample:
    of = shape(draw)
    return Sample({"part": of, "whole": of}, {})


SAMPLES: Mapping[str, Sampler] = {
    "activation share_of": share,
    "activation per_class": one("x", 1),
    "activation of_classes": scores,
    "metric accuracy": classes,
    "metric balanced_accuracy": any_classes,
    "metric top_k": lambda draw: classes(draw).replaced(numbers={"k": 2}),
    "metric precision": any_classes,
    "metric recall": any_classes,
    "metric f1": any_classes,
    "metric iou": any_classes,
    "metric mcc": many,
    "metric log_loss": any_classes,
    "metric brier": any_classes,
    "metric perplexity": any_classes,
    "metric mse": pair(),
    "metric mae": pair(),
    "metric rmse": pair(),
    "metric mape": pair(),
    "metric r2": pair(),
}

POSITIVE = {"activation share_of": ("whole",), "metric mape": ("target",)}
"""What is divided by."""
