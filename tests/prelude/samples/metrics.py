"""Metrics."""

from __future__ import annotations

from collections.abc import Mapping

from .draws import Sampler, classes, pair

SAMPLES: Mapping[str, Sampler] = {
    "metric accuracy": classes,
    "metric mse": pair(),
    "metric mae": pair(),
    "metric rmse": pair(),
}
