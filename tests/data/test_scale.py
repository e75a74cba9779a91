"""Scaling equals scikit-learn's, is undone by `invert`, and leaves constants finite."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.data.recipe import Method, ScalePlan
from dslc.data.scale import Reals, fit_scaling
from dslc.diagnostics import DataError
from dslc.source import BUILT_IN

EQUAL = {"rtol": 1e-12, "atol": 1e-12}
"""Two orders of summation over a few hundred float64 values."""


def plan(method: Method, low: float = 0.0, high: float = 1.0) -> ScalePlan:
    return ScalePlan(method, low, high, BUILT_IN)


@pytest.fixture
def table() -> Reals:
    random = np.random.default_rng(0)
    columns = [random.normal(5, 3, 300), random.uniform(-1e6, 1e6, 300), random.exponential(1e-6, 300)]
    return np.stack([*columns, np.full(300, 0.1), np.zeros(300), np.full(300, 12345678.9)], 1)


@pytest.mark.parametrize("method", Method)
def test_scaling_equals_scikit_learn(method: Method, table: Reals) -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    theirs = {
        Method.ZSCORE: preprocessing.StandardScaler(),
        Method.MINMAX: preprocessing.MinMaxScaler((-2, 3)),
        Method.ROBUST: preprocessing.RobustScaler(),
        Method.LOG: preprocessing.FunctionTransformer(lambda x: np.sign(x) * np.log1p(np.abs(x))),
        Method.NONE: preprocessing.FunctionTransformer(),
    }[method].fit(table[:200])
    ours = fit_scaling(table[:200], plan(method, -2, 3), "x")
    np.testing.assert_allclose(ours.apply(table), theirs.transform(table), **EQUAL)


@pytest.mark.parametrize("method", Method)
def test_invert_undoes_apply(method: Method, table: Reals) -> None:
    scaling = fit_scaling(table, plan(method, -1, 1), "x")
    np.testing.assert_allclose(scaling.invert(scaling.apply(table)), table, rtol=1e-12)


def test_images_share_statistics_per_channel() -> None:
    images = np.random.default_rng(0).uniform(0, 16, (5, 4, 3, 2))
    scaling = fit_scaling(images, plan(Method.ZSCORE), "x")
    assert scaling.center.shape == (2,)
    np.testing.assert_allclose(scaling.apply(images).mean((0, 1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(scaling.apply(images).std((0, 1, 2)), 1, rtol=1e-12)


def test_one_number_a_row() -> None:
    scaling = fit_scaling(np.array([1.0, 2.0, 3.0]), plan(Method.MINMAX, 0, 10), "x")
    assert scaling.center.shape == () and scaling.apply(np.array([1.0, 2.5])).tolist() == [0, 7.5]


def test_values_that_overflow_are_refused() -> None:
    with pytest.raises(DataError, match="x: the values are too large to scale"):
        fit_scaling(np.array([1e300, -1e300]), plan(Method.ZSCORE), "x")
