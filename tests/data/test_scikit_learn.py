"""Splits, fills, scales, encodings and weights are scikit-learn's to 1e-12, ties and empty classes included."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

import dslc
from dslc.data.balance import class_weights, row_weights
from dslc.data.column import Column, Kind
from dslc.data.recipe import Method, ScalePlan
from dslc.data.scale import fit_scaling
from dslc.data.schema import Task
from dslc.data.split import sizes, split_stratified
from dslc.data.table import Frame, FrameOrigin
from dslc.source import BUILT_IN

from .model import dataset

Reals = npt.NDArray[np.float64]

EQUAL = {"rtol": 1e-12, "atol": 1e-12}
"""Sums of a few hundred float64 values in two orders."""

HALVES = (Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(3, 4))


# --- splits -------------------------------------------------------------------------------------


@given(st.integers(20, 3000), st.sampled_from(HALVES), st.sampled_from(HALVES))
@settings(deadline=None, max_examples=60)
def test_three_parts_are_two_cuts_of_scikit_learn(rows: int, val: Fraction, test: Fraction) -> None:
    """It has no split in three: the test part is cut off first, then the validation part, of the size it has of all."""
    if val + test >= 1:
        return
    rest, held = train_test_split(np.arange(rows), test_size=float(test))
    train, validation = train_test_split(rest, test_size=ceil(rows * val))
    assert sizes(rows, (1 - val - test, val, test)) == (len(train), len(validation), len(held))


@given(st.lists(st.integers(2, 40), min_size=2, max_size=12), st.sampled_from(HALVES), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_a_stratified_split_rounds_each_class_up_or_down(counts: list[int], test: Fraction, seed: int) -> None:
    """Of classes whose share is half a row either may get it, there by chance, here by a rule: at most a row apart."""
    y = np.repeat(np.arange(len(counts)), counts)
    if min(ceil(len(y) * test), len(y) - ceil(len(y) * test)) < len(counts):
        return  # scikit-learn wants a row of every class in every part
    parts = split_stratified(y, "y", (1 - test, Fraction(0), test), seed)
    ((train, held),) = StratifiedShuffleSplit(1, test_size=float(test), random_state=seed).split(y, y)
    for ours, others in ((parts.train, train), (parts.test, held)):
        assert len(ours) == len(others)
        mine, theirs = (np.bincount(y[part], minlength=len(counts)) for part in (ours, others))
        assert np.abs(mine - theirs).max() <= 1
        exact = np.array(counts) * len(ours) / len(y)
        whole = exact == np.floor(exact)
        assert np.array_equal(mine[whole], exact[whole]) and np.array_equal(theirs[whole], exact[whole])


def test_a_class_of_one_row_is_in_one_part() -> None:
    """There it is an error."""
    y = np.array([0] * 10 + [1])
    parts = split_stratified(y, "y", (Fraction(1, 2), Fraction(0), Fraction(1, 2)), 0)
    assert sorted(np.bincount(y[part], minlength=2).tolist() for part in (parts.train, parts.test)) == [[5, 0], [5, 1]]


# --- fills --------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=30), st.sampled_from(["median", "mode"]))
@settings(deadline=None, max_examples=80)
def test_fills_with_ties(tmp_path_factory: pytest.TempPathFactory, cells: list[int | None], rule: str) -> None:
    if all(cell is None for cell in cells):
        return
    check_fill(tmp_path_factory.mktemp("fill"), cells, rule)


@pytest.mark.parametrize("rule", ["median", "mean", "mode"])
@pytest.mark.parametrize(
    "cells",
    [[1e300, -1e300, None, 1e-300], [None, 7.0], [0.1] * 9 + [None], [-0.0, 0.0, None], [1e16, 1.0, -1e16, None]],
)
def test_fills_of_extreme_numbers(rule: str, cells: list[float | None], tmp_path: Path) -> None:
    check_fill(tmp_path, cells, rule)


def check_fill(folder: Path, cells: list[int | None] | list[float | None], rule: str) -> None:
    lines = [f"{'' if cell is None else repr(cell)},{k}" for k, cell in enumerate(cells)]
    (folder / "a.csv").write_text("\n".join(["a,y", *lines]), "utf-8")
    ours = dataset(f'csv "a.csv"; target y; missing {rule}', folder, Task.VALUES).inputs["inputs"]
    strategy = {"median": "median", "mean": "mean", "mode": "most_frequent"}[rule]
    matrix = np.array(cells, np.float64)[:, None]
    np.testing.assert_allclose(ours, SimpleImputer(strategy=strategy).fit_transform(matrix), **EQUAL)


@given(st.lists(st.sampled_from(["", "b", "a", "C", "ä", "10", "9"]), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_categories_with_ties(tmp_path_factory: pytest.TempPathFactory, cells: list[str]) -> None:
    if not any(cells):
        return
    folder = tmp_path_factory.mktemp("categories")
    (folder / "a.csv").write_text("\n".join(["k,y", *(f"{cell},{k}" for k, cell in enumerate(cells))]), "utf-8")
    ours = dataset('csv "a.csv"; target y; column k: category; missing mode', folder, Task.VALUES).inputs["inputs"]
    column = np.array([cell or None for cell in cells], object)[:, None]
    steps = SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder(sparse_output=False)
    np.testing.assert_array_equal(ours, make_pipeline(*steps).fit_transform(column))


# --- scales and encodings -----------------------------------------------------------------------


@given(
    st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=1, max_size=40),
    st.sampled_from([0.0, 1e3, -1e5]),
)
@settings(deadline=None, max_examples=100)
def test_scales_of_any_numbers(rows: list[list[float]], shift: float) -> None:
    values = np.round(np.array(rows), 3) + shift
    for method, scaler in (
        (Method.ZSCORE, StandardScaler()),
        (Method.MINMAX, MinMaxScaler((-1, 2))),
        (Method.ROBUST, RobustScaler()),
    ):
        ours = fit_scaling(values, ScalePlan(method, -1.0, 2.0, BUILT_IN), "x")
        later = values[::-1] * 3 + 1
        np.testing.assert_allclose(ours.apply(later), scaler.fit(values).transform(later), rtol=1e-9, atol=1e-12)


def test_the_logarithm_is_numpys() -> None:
    values = np.array([-1e300, -3.5, -0.0, 0.0, 1e-300, 1e-9, 2.0, 1e300])
    ours = fit_scaling(values, ScalePlan(Method.LOG, 0.0, 1.0, BUILT_IN), "x").apply(values)
    assert np.array_equal(ours, np.sign(values) * np.log1p(np.abs(values)))


def test_ordered_levels_and_unseen_categories(tmp_path: Path) -> None:
    levels = ["small", "large", "medium", "large"] * 5
    kinds = ["b", "a", "c", "a"] * 5
    (tmp_path / "a.csv").write_text("\n".join(["s,k,y", *(f"{s},{k},1" for s, k in zip(levels, kinds, strict=True))]))
    data = dataset('csv "a.csv"; target y; column s: ordered(small, medium, large)', tmp_path, Task.VALUES)
    level = OrdinalEncoder(categories=[["small", "medium", "large"]]).fit(np.array(levels)[:, None])
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(np.array(kinds)[:, None])

    def theirs(levels: list[str], kinds: list[str]) -> Reals:
        return np.concatenate([level.transform(np.array(levels)[:, None]), hot.transform(np.array(kinds)[:, None])], 1)

    np.testing.assert_array_equal(data.inputs["inputs"], theirs(levels, kinds))
    assert data.preparation is not None and data.preparation.table is not None
    columns = {
        "s": Column(Kind.NUMBER, np.array([0.0, 2, 1])),
        "k": Column(Kind.CATEGORY, np.array([0.0, 1, 2]), ("zebra", "a", "d")),
    }
    later = data.preparation.table.apply(Frame(3, columns, FrameOrigin()))
    np.testing.assert_array_equal(later, theirs(["small", "large", "medium"], ["zebra", "a", "d"]))


# --- weights ------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
@settings(deadline=None, max_examples=100)
def test_balanced_weights_with_empty_classes(ids: list[int]) -> None:
    """A class without rows makes all weights smaller here, their ratios and what they are scaled to stay the same."""
    y = np.array(ids)
    by_class = class_weights(y, 6)
    present = np.unique(y)
    expected = compute_class_weight("balanced", classes=present, y=y)
    np.testing.assert_allclose(np.array(by_class)[present] * 6, expected * len(present), **EQUAL)
    ours = row_weights(None, by_class, y, np.arange(len(y)))
    assert ours is not None
    theirs = compute_sample_weight("balanced", y)
    np.testing.assert_allclose(ours, theirs / theirs.mean(), **EQUAL)


# --- all of it ----------------------------------------------------------------------------------

WHOLE = """
data {
  csv "rows.csv"; target price; ignore id; split 70/30 seed 4
  missing median with flag; scale robust; scale zscore of age; scale target zscore
}
net { inputs | dense(1) }
loss squared_error
train { adam(0.1); batch 16; epochs 4; seed 2 }
"""


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_linear_model_is_scikit_learns_pipeline_with_its_weights(backend: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "id": np.arange(160),
            "age": np.where(draw.random(160) < 0.2, np.nan, draw.normal(40, 9, 160)),
            "income": np.where(draw.random(160) < 0.1, np.nan, draw.lognormal(8, 1, 160)),
            "town": draw.choice(["Ulm", "Bonn", "Köln", None], 160),
            "price": draw.normal(2e5, 4e4, 160),
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "m.dsl").write_text(WHOLE, "utf-8")
    model = dslc.compile(tmp_path / "m.dsl", backend=backend, dtype="float64")
    model.fit()
    train = frame.iloc[model.dataset.train]
    town = (
        SimpleImputer(strategy="most_frequent", missing_values=None),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    columns = ColumnTransformer(
        [
            ("age", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age"]),
            ("no age", Gaps(), ["age"]),
            ("income", make_pipeline(SimpleImputer(strategy="median"), RobustScaler()), ["income"]),
            ("no income", Gaps(), ["income"]),
            ("town", make_pipeline(*town), ["town"]),
            ("no town", Gaps(), ["town"]),
        ]
    )
    target = StandardScaler().fit(train[["price"]])
    linear = LinearRegression()
    linear.coef_, linear.intercept_ = model.weights["dense.w"][:, 0], model.weights["dense.b"][0]
    rows = objects(frame)
    predicted = linear.predict(columns.fit(objects(train)).transform(rows))
    expected = target.inverse_transform(predicted[:, None])[:, 0]
    np.testing.assert_allclose(model.predict(frame), expected, rtol=1e-12)


def objects(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with None for a missing town, as scikit-learn's imputer of text asks."""
    town = frame["town"].astype(object)
    return frame.assign(town=town.where(town.notna(), None))


class Gaps(TransformerMixin, BaseEstimator):
    """1 where a cell is missing."""

    def fit(self, x: pd.DataFrame, y: object = None) -> Gaps:
        return self

    def transform(self, x: pd.DataFrame) -> Reals:
        return x.isna().to_numpy(np.float64)
