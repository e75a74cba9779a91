"""Spreads hold for any finite numbers, however large, many or equal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dslc.data import spread
from dslc.data.spread import BINS, spread_of

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(arrays(np.float64, st.integers(1, 40), elements=FINITE))
def test_any_finite_numbers_have_a_finite_spread(values: np.ndarray) -> None:
    found = spread_of(values)
    assert sum(found.bins) == found.count == len(values)
    assert found.least == values.min() and found.greatest == values.max()
    assert all(map(math.isfinite, (found.mean, found.deviation)))
    slack = 1e-12 * max(abs(found.least), abs(found.greatest))
    assert found.least - slack <= found.mean <= found.greatest + slack


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.bool_])
def test_it_is_what_numpy_says(dtype: type) -> None:
    values = np.random.default_rng(0).integers(0, 2 if dtype is np.bool_ else 200, (70, 3, 2)).astype(dtype)
    found = spread_of(values)
    flat = values.astype(np.float64).reshape(-1)
    assert np.allclose([found.mean, found.deviation], [flat.mean(), flat.std()], rtol=1e-12)
    assert found.bins == tuple(np.histogram(flat, BINS)[0])


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(size=1000)
    whole = spread_of(values)
    monkeypatch.setattr(spread, "CHUNK", 7)
    pieces = spread_of(values)
    assert pieces.bins == whole.bins
    assert np.allclose([pieces.mean, pieces.deviation], [whole.mean, whole.deviation], rtol=1e-12)


def test_equal_numbers_are_in_one_bin() -> None:
    found = spread_of(np.full(5, 3.0))
    assert (found.bins, found.deviation) == ((5, *[0] * (BINS - 1)), 0.0)
