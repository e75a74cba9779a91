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


def share_of_classes(draw: Draw) -> Sample:
    count = (1 + size(draw),)
    return Sample({"part": count, "whole": count}, {})


def spoken(draw: Draw) -> Sample:
    steps, count = shape(draw), 1 + size(draw)
    return Sample({"x": (*steps, count), "there": (*steps, count)}, {})


def ranked(draw: Draw) -> Sample:
    """Enough that there are several classes, few enough that no two scores are close: ranks have no slope anywhere."""
    count = int(draw.integers(1, 4))
    return Sample({"prediction": (5, *([count] if count > 1 else [])), "target": (5,)}, {}, max(count, 2))


def as_high(draw: Draw) -> Sample:
    of = (*shape(draw), 3)
    return Sample({"x": of, "score": of}, {})


SAMPLES: Mapping[str, Sampler] = {
    "activation share_of": share,
    "activation per_class": one("x", 1),
    "activation of_classes": scores,
    "activation class_scores": spoken,
    "activation as_high": as_high,
    "activation of_ranked_classes": share_of_classes,
    "metric accuracy": classes,
    "metric balanced_accuracy": any_classes,
    "metric top_k": lambda draw: classes(draw).replaced(numbers={"k": 2}),
    "metric precision": any_classes,
    "metric recall": any_classes,
    "metric f1": any_classes,
    "metric confusion": any_classes,
    "metric iou": any_classes,
    "metric mcc": many,
    "metric roc_auc": ranked,
    "metric average_precision": ranked,
    "metric log_loss": any_classes,
    "metric brier": any_classes,
    "metric perplexity": any_classes,
    "metric mse": pair(),
    "metric mae": pair(),
    "metric rmse": pair(),
    "metric mape": pair(),
    "metric r2": pair(),
}

POSITIVE = {"activation share_of": ("whole",), "activation of_ranked_classes": ("whole",), "metric mape": ("target",)}
"""What is divided by."""
