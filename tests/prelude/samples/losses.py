"""Losses."""

from __future__ import annotations

from collections.abc import Mapping

from .draws import Sampler, classes, one, pair

SAMPLES: Mapping[str, Sampler] = {
    "loss squared_error": pair(),
    "loss absolute_error": pair(),
    "loss huber": pair(delta=0.7),
    "loss hinge": pair(),
    "loss binary_cross_entropy": pair(),
    "loss cross_entropy": classes,
    "loss kl_divergence": pair(1),
    "loss l1": one("t"),
    "loss l2": one("t"),
}

POSITIVE = {"loss kl_divergence": ("target",)}
"""Distributions."""
