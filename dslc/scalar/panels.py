"""Matrices in panels: columns that a product reads together lie side by side, one panel after another.

[k, n]   as   [n // PANEL, k, PANEL]       element [i, PANEL * p + j] at [p, i, j]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dslc.scalar.types import Shape, number

Array = npt.NDArray[Any]

PANEL = 32
"""Columns of a panel."""


def whole_panels(shape: Shape) -> bool:
    """Is it the shape of a matrix whose columns are several whole panels?"""
    return len(shape) == 2 and number(shape[1]) > PANEL and number(shape[1]) % PANEL == 0


def shape_in_panels(shape: Shape) -> Shape:
    """Of a matrix of this shape."""
    return number(shape[1]) // PANEL, shape[0], PANEL


def to_panels(matrix: Array) -> Array:
    """A matrix [k, n] as [n // PANEL, k, PANEL]: a view."""
    return matrix.reshape(matrix.shape[0], -1, PANEL).transpose(1, 0, 2)


def from_panels(panels: Array) -> Array:
    """What is [n // PANEL, k, PANEL] as a matrix [k, n]: a copy."""
    return np.ascontiguousarray(panels.transpose(1, 0, 2)).reshape(panels.shape[1], -1)
