"""Prepared rows read as the array that they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.data.column import Kind
from dslc.data.prepared import PIECE, UNSEEN, ColumnPlan, PreparedRows
from dslc.data.scale import Scaling

PLANS = (
    ColumnPlan("age", Kind.NUMBER, (), 2.0, True, Scaling(np.array(1.0), np.array(4.0), 0.5)),
    ColumnPlan("sex", Kind.CATEGORY, ("f", "m"), None, False, None),
    ColumnPlan("member", Kind.BOOLEAN, (), None, False, None),
)


def rows(count: int) -> PreparedRows:
    draw = np.random.default_rng(count)
    age = np.where(draw.random(count) < 0.2, np.nan, draw.normal(size=count))
    sex = draw.choice([0.0, 1.0, UNSEEN], count)
    return PreparedRows(PLANS, (age, sex, draw.integers(0, 2, count).astype(np.float64)), (count, 5))


def meaning(of: PreparedRows) -> np.ndarray:
    """One row after another."""
    found = [
        [(2.0 if np.isnan(age) else age) / 4 - 0.25 + 0.5, np.isnan(age), sex == 0, sex == 1, member]
        for age, sex, member in zip(*of.codes, strict=True)
    ]
    return np.array(found, np.float64).reshape(-1, 5)


@pytest.mark.parametrize("count", [0, 1, 7, PIECE, 2 * PIECE + 3])
def test_all_rows_are_what_one_row_after_another_is(count: int) -> None:
    some = rows(count)
    assert len(some) == count and some.shape == (count, 5)
    np.testing.assert_allclose(np.asarray(some), meaning(some), rtol=1e-15, atol=0)
    assert np.asarray(some).dtype == np.float64


def test_some_rows_are_those_of_all() -> None:
    some, chosen = rows(50), np.array([3, 0, 49, 3])
    assert np.array_equal(some[chosen], np.asarray(some)[chosen])
    assert np.array_equal(some[10:20], np.asarray(some)[10:20])


def test_smaller_elements_are_the_rounded_ones() -> None:
    some = rows(2 * PIECE)
    single = np.ascontiguousarray(some, np.float32)
    assert single.dtype == np.float32 and single.flags.c_contiguous
    assert np.array_equal(single, np.asarray(some).astype(np.float32))


def test_there_is_nothing_to_share() -> None:
    with pytest.raises(ValueError, match="made when they are read"):
        rows(3).__array__(copy=False)
