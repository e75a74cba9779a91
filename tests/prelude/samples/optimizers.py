"""Optimizers."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.definition import Sample

from .draws import Sampler, optimizer, shape

SAMPLES: Mapping[str, Sampler] = {
    "optimizer gradient_descent": optimizer(),
    "optimizer sgd": lambda draw: Sample({"weight": shape(draw)}, {"rate": 0.1, "momentum": draw.choice([0.0, 0.5])}),
    "optimizer momentum": optimizer(rate=0.1, beta=0.5),
    "optimizer nesterov": optimizer(rate=0.1, beta=0.5),
    "optimizer adagrad": optimizer(rate=0.1, eps=0.1),
    "optimizer adadelta": optimizer(rate=0.1, decay=0.5, eps=0.1),
    "optimizer rmsprop": optimizer(rate=0.1, decay=0.5, eps=0.1),
    "optimizer adam": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1),
    "optimizer adamw": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1, decay=0.2),
    "optimizer adamax": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1),
    "optimizer nadam": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1, momentum_decay=0.5),
    "optimizer amsgrad": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1),
    "optimizer lion": optimizer(rate=0.1, beta1=0.4, beta2=0.6, decay=0.2),
    "optimizer lamb": optimizer(rate=0.1, beta1=0.4, beta2=0.6, eps=0.1, decay=0.2),
}

POSITIVE = {
    "optimizer": ("s", "v"),
    "optimizer adadelta": ("d",),
    "optimizer adamax": ("u",),
    "optimizer amsgrad": ("largest_v",),
}
"""Sums of squares, and sizes."""
