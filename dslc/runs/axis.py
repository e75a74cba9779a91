"""Round numbers along an axis, and how a number reads beside one.

>>> round_numbers(0.0, 0.93)
[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
"""

from __future__ import annotations

import math
import sys

STEPS = 5
"""Wanted on an axis; the next larger round step gives fewer, numbers around the ends more."""

LEAST = STEPS * sys.float_info.min
"""A smaller extent has no steps that are normal numbers."""


def round_numbers(low: float, high: float) -> list[float]:
    """Three to eight round numbers around `low` to `high`, which are finite.

    Values that are equal, or that no round steps divide, stand for themselves.
    """
    extent = high - low
    if not LEAST < extent < math.inf or extent <= 4 * max(math.ulp(low), math.ulp(high)):
        return sorted({low, high})
    raw = extent / STEPS
    power = math.floor(math.log10(raw))
    factor = next((m for m in (1, 2, 5) if m * 10.0**power >= raw), 10)
    step = _rounded(1, factor, power)
    numbers = [_rounded(k, factor, power) for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return [number for number in numbers if math.isfinite(number)]


def _rounded(k: int, factor: int, power: int) -> float:
    """`k * factor * 10^power` without the error of a product: 0.6, not 0.6000000000000001."""
    return float(f"{k * factor}e{power}")


def short(value: float) -> str:
    """Four digits: `0.1034`, `1.2e-07`."""
    return f"{value:.4g}"
