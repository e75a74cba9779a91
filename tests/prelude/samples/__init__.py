"""What each definition of the standard library is differentiated on: one table for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from . import activations, initializers, layers, losses, metrics, optimizers, schedules
from .draws import Draw, Sampler

SAMPLES: Mapping[str, Sampler] = {
    **activations.SAMPLES,
    **layers.SAMPLES,
    **losses.SAMPLES,
    **optimizers.SAMPLES,
    **schedules.SAMPLES,
    **metrics.SAMPLES,
    **initializers.SAMPLES,
}
"""By kind and name."""

APPROXIMATE = {"activation step"}
"""Those whose gradient differs from the derivative on purpose."""

DECLARED = {"layer batch_standardized", "layer batchnorm", "metric top_k"}
"""Those whose numbers have no derivative: a declared gradient is one for tensors, and a count has none."""

POSITIVE = {**losses.POSITIVE, **metrics.POSITIVE, **optimizers.POSITIVE}
"""Leaves that are drawn above 0: distributions, and sums of squares; by definition or by kind."""

__all__ = ["APPROXIMATE", "DECLARED", "POSITIVE", "SAMPLES", "Draw", "Sampler"]
