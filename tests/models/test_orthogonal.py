"""`orthogonal`: weights that begin with orthonormal columns, or rows, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

import dslc
from dslc.ops.random import RandomOrthonormal


def drawn(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.asarray(RandomOrthonormal(7, shape).evaluate([np.asarray(seed), np.asarray(0)], 1))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (3, 2, 4, 5), (1, 1), (200, 100)])
def test_columns_are_orthonormal_or_rows_where_there_are_fewer(shape: tuple[int, ...]) -> None:
    matrix = drawn(shape).reshape(-1, shape[-1])
    product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_it_is_uniform() -> None:
    """Of 4,000 rotations of the plane the angles are even, and half are reflections: no sign is preferred."""
    found = np.asarray([drawn((2, 2), seed) for seed in range(4000)])
    angles = np.arctan2(found[:, 1, 0], found[:, 0, 0])
    counts, _ = np.histogram(angles, 8, (-np.pi, np.pi))
    assert abs(counts - 500).max() < 5 * np.sqrt(500)
    assert abs((np.linalg.det(found) > 0).sum() - 2000) < 5 * np.sqrt(1000)


def test_a_model_begins_with_it() -> None:
    text = """layer begun(x: [c], units: count) { weight w: [c, units] = orthogonal(2);  x @ w }
data { input x: [8]; target y: class(3) }
net { x | begun(5) | dense(outputs) }
loss cross_entropy
train { seed 3 }"""
    first, again = dslc.compile(text=text, dtype="float64"), dslc.compile(text=text, dtype="float64")
    w = first.weights["begun.w"]
    np.testing.assert_allclose(w.T @ w, 4 * np.eye(5), atol=1e-12)
    np.testing.assert_array_equal(again.weights["begun.w"], w)
    again.reset(4)
    assert (again.weights["begun.w"] != w).all()
