"""Scaling with statistics fitted on the training rows.

zscore: (x - mean) / deviation, the deviation over n as in scikit-learn's StandardScaler; minmax: the
training rows' least and greatest become the range's ends; robust: (x - median) / (third - first quartile), as
in RobustScaler; log: sign(x) * log(1 + |x|), which fits nothing; none. Statistics are per element of a vector,
and per channel (the last axis) of what has more axes, so that the pixels of an image keep their contrast. An
element without extent is only shifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from dslc.data.recipe import Method, ScalePlan
from dslc.diagnostics import DataError

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """`x -> (x - center) / spread + low`; center and spread are [] or [last axis], spread is never 0.

    `log`: in its place `x -> sign(x) * log(1 + |x|)`.
    """

    center: Reals
    spread: Reals
    low: float
    log: bool = False

    def apply(self, values: Reals) -> Reals:
        if self.log:
            return np.sign(values) * np.log1p(np.abs(values))
        scaled: Reals = (values - self.center) / self.spread + self.low
        return scaled

    def invert(self, scaled: Reals) -> Reals:
        if self.log:
            return np.sign(scaled) * np.expm1(np.abs(scaled))
        values: Reals = (scaled - self.low) * self.spread + self.center
        return values


UNSCALED = Scaling(np.zeros(()), np.ones(()), 0.0)


def fit_scaling(values: Reals, plan: ScalePlan, what: str) -> Scaling:
    """The scaling that `plan` asks for, from training rows [rows, *shape]; DataError if they are too large for it.

    `what` is how a message calls the values.
    """
    axes = (0,) if values.ndim <= 2 else tuple(range(values.ndim - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        scaling = _fitted(values, axes, plan)
    if not (np.isfinite(scaling.center).all() and np.isfinite(scaling.spread).all()):
        raise DataError(f"{what}: the values are too large to scale")
    return scaling


def _fitted(values: Reals, axes: tuple[int, ...], plan: ScalePlan) -> Scaling:
    match plan.method:
        case Method.ZSCORE:
            return _zscore(values, axes)
        case Method.MINMAX:
            return _minmax(values, axes, plan)
        case Method.ROBUST:
            return _robust(values, axes)
        case Method.LOG | Method.NONE:
            shape = values.shape[-1:] if values.ndim > 1 else ()
            return Scaling(np.zeros(shape), np.ones(shape), 0.0, plan.method is Method.LOG)
        case unreachable:
            assert_never(unreachable)


def _robust(values: Reals, axes: tuple[int, ...]) -> Scaling:
    first, middle, third = np.percentile(values, [25.0, 50.0, 75.0], axis=axes)
    extent = third - first
    # scikit-learn, `_handle_zeros_in_scale`: what is below rounding counts as no extent.
    return Scaling(middle, np.where(extent < 10 * np.finfo(np.float64).eps, 1.0, extent), 0.0)


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
