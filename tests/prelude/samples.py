"""What each definition of the standard library is differentiated on: shapes and numbers, drawn at random."""

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


def dense(draw: Draw) -> Sample:
    return Sample({"x": shape(draw, 1)}, {"units": size(draw), "bias": bool(draw.integers(2))})


def conv(draw: Draw) -> Sample:
    """Any padding and step; without padding the image is as large as the window at least."""
    window, same = (int(draw.integers(1, 4)), int(draw.integers(1, 4))), bool(draw.integers(2))
    least = (1, 1) if same else window
    image = tuple(int(draw.integers(low, low + 5)) for low in least)
    numbers = {"filters": size(draw), "size": window, "stride": int(draw.integers(1, 4)), "same": same}
    return Sample({"x": (*image, size(draw))}, {**numbers, "bias": bool(draw.integers(2))})


def maxpool(draw: Draw) -> Sample:
    window = (int(draw.integers(1, 4)), int(draw.integers(1, 4)))
    image = tuple(int(draw.integers(low, 2 * low + 3)) for low in window)
    return Sample({"x": (*image, size(draw))}, {"size": window})


SAMPLES: Mapping[str, Sampler] = {
    "activation step": one("x"),
    "activation linear": one("x", slope=1.3, offset=-0.4),
    "activation sigmoid": one("x"),
    "activation tanh": one("x"),
    "activation relu": one("x"),
    "activation leaky_relu": one("x", slope=0.1),
    "activation gelu": one("x"),
    "activation softplus": one("x"),
    "activation logsumexp": one("x", 1),
    "activation softmax": one("x", 1),
    "activation log_softmax": one("x", 1),
    "layer dense": dense,
    "layer conv": conv,
    "layer maxpool": maxpool,
    "layer flatten": one("x"),
    "layer dropout": one("x", share=0.4),
    "layer prelu": one("x", 1),
    "loss squared_error": pair(),
    "loss absolute_error": pair(),
    "loss huber": pair(delta=0.7),
    "loss hinge": pair(),
    "loss binary_cross_entropy": pair(),
    "loss cross_entropy": classes,
    "loss kl_divergence": pair(1),
    "loss l1": one("t"),
    "loss l2": one("t"),
    "optimizer gradient_descent": optimizer(),
    "optimizer sgd": lambda draw: Sample({"weight": shape(draw)}, {"rate": 0.1, "momentum": draw.choice([0.0, 0.5])}),
    "optimizer momentum": optimizer(rate=0.1, beta=0.5),
    "optimizer nesterov": optimizer(rate=0.1, beta=0.5),
    "optimizer adagrad": optimizer(rate=0.1, eps=0.1),
    "optimizer rmsprop": optimizer(rate=0.1, decay=0.5, eps=0.1),
    "optimizer adam": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1),
    "optimizer adamw": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1, decay=0.2),
    "schedule constant": schedule(value=0.1),
    "schedule step_decay": schedule({"steps": 3}, **{"from": 0.1, "factor": 0.5}),
    "schedule cosine": schedule(**{"from": 0.1, "to": 0.01}),
    "metric accuracy": classes,
    "metric mse": pair(),
    "metric mae": pair(),
    "metric rmse": pair(),
    "initializer zeros": weight(),
    "initializer constant": weight(value=0.3),
    "initializer uniform": weight(low=-0.2, high=0.6),
    "initializer normal": weight(mean=0.2, std=0.7),
    "initializer glorot_uniform": weight(1),
    "initializer glorot_normal": weight(1),
    "initializer he_uniform": weight(1),
    "initializer he_normal": weight(1),
}
"""By kind and name."""

APPROXIMATE = {"activation step"}
"""Those whose gradient differs from the derivative on purpose."""

POSITIVE = {"loss kl_divergence": ("target",), "optimizer": ("s", "v")}
"""Leaves that are drawn above 0: distributions, and sums of squares; by definition or by kind."""
