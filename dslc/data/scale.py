"""Scaling with statistics fitted on the training rows.

zscore: (x - mean) / deviation, the deviation over n as in scikit-learn's StandardScaler; minmax: the
training rows' least and greatest become the range's ends. Statistics are per element of a vector, and
per channel (the last axis) of what has more axes, so that the pixels of an image keep their contrast.
A constant element is only shifted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslc.data.recipe import Method, ScalePlan

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """`x -> (x - center) / spread + low`; center and spread are [] or [last axis], spread is never 0."""

    center: Reals
    spread: Reals
    low: float

    def apply(self, values: Reals) -> Reals:
        scaled: Reals = (values - self.center) / self.spread + self.low
        return scaled

    def invert(self, scaled: Reals) -> Reals:
        values: Reals = (scaled - self.low) * self.spread + self.center
        return values


def fit_scaling(values: Reals, plan: ScalePlan) -> Scaling:
    """The scaling that `plan` asks for, from training rows [rows, *shape]; OverflowError if they are too large."""
    axes = (0,) if values.ndim <= 2 else tuple(range(values.ndim - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        scaling = _zscore(values, axes) if plan.method is Method.ZSCORE else _minmax(values, axes, plan)
    if not (np.isfinite(scaling.center).all() and np.isfinite(scaling.spread).all()):
        raise OverflowError("the values are too large to scale")
    return scaling


def _zscore(values: Reals, axes: tuple[int, ...]) -> Scaling:
    mean, variance = values.mean(axes), values.var(axes)
    count = values.size / max(1, mean.size)
    # Rounding alone gives a constant column of large numbers some variance (Chan, Golub & LeVeque 1983).
    eps = np.finfo(np.float64).eps
    constant = np.isfinite(variance) & (variance <= count * eps * variance + (count * mean * eps) ** 2)
    return Scaling(mean, np.where(constant, 1.0, np.sqrt(variance)), 0.0)


def _minmax(values: Reals, axes: tuple[int, ...], plan: ScalePlan) -> Scaling:
    least = values.min(axes)
    extent = values.max(axes) - least
    return Scaling(least, np.where(extent == 0, 1.0, extent) / (plan.high - plan.low), plan.low)
