"""Magnitude pruning between two epochs: which elements of a weight become 0.

w [0.3, -0.1, 0.2, -0.4], share 50 %      ->      w [0.3, 0, 0, -0.4], mask [1, 0, 0, 1]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dslc.graph.graph import Array


def mask_after(weight: Array, mask: Array, share: float) -> npt.NDArray[np.bool_]:
    """Which elements are left, in the weight's shape, when `share` of them all are pruned, the smallest first.

    `mask` says, with 1 and 0, what is left before: what is pruned already stays so and counts. Of equal elements the
    first goes first. A share of n elements is rounded down.
    """
    left = np.asarray(mask, bool).ravel()
    size = np.where(left, np.abs(np.asarray(weight, np.float64)).ravel(), -1)
    left[np.argsort(size, kind="stable")[: int(share * weight.size)]] = False
    return left.reshape(weight.shape)
