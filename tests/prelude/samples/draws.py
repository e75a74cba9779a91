"""Shapes and numbers at random: what samples are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from dslc.elaborate.definition import Sample

Draw: TypeAlias = np.random.Generator
Sampler: TypeAlias = Callable[[Draw], Sample]
Shape: TypeAlias = tuple[int, ...]


def size(draw: Draw) -> int:
    return int(draw.choice([1, 2, 3, 5]))


def shape(draw: Draw, least: int = 0) -> Shape:
    return tuple(size(draw) for _ in range(draw.integers(least, 4)))


def one(name: str, least: int = 0, **numbers: float) -> Sampler:
    """One tensor of any shape."""
    return lambda draw: Sample({name: shape(draw, least)}, numbers)


def pair(least: int = 0, **numbers: float) -> Sampler:
    """Prediction and target of one shape, or a trailing [1] that meets it."""

    def sample(draw: Draw) -> Sample:
        target = shape(draw, least)
        trailing = (1,) if not least and draw.random() < 0.3 else ()
        return Sample({"prediction": (*target, *trailing), "target": target}, numbers)

    return sample


def classes(draw: Draw) -> Sample:
    """Logits over classes on the last axis, class ids before it."""
    target, count = shape(draw)[:2], size(draw) + 1
    return Sample({"prediction": (*target, count), "target": target}, {}, count)


def optimizer(**numbers: float) -> Sampler:
    return lambda draw: Sample({"weight": shape(draw)}, numbers)


def weight(least: int = 0, **numbers: float) -> Sampler:
    return lambda draw: Sample({"shape": shape(draw, least)}, numbers)


def schedule(count: Mapping[str, int] | None = None, **numbers: float) -> Sampler:
    """Numbers near the given ones, and counts as they are."""
    return lambda draw: Sample({}, {n: v * draw.uniform(0.5, 1.5) for n, v in numbers.items()} | dict(count or {}))
