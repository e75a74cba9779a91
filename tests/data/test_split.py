"""Splits are partitions, of scikit-learn's sizes, stratified within one row, and a function of the seed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.data.split import Parts, all_training, apportion, sizes, split_random, split_stratified
from dslc.diagnostics import DataError


def shares(*percent: int) -> tuple[Fraction, Fraction, Fraction]:
    train, *val, test = percent
    return Fraction(train, 100), Fraction(sum(val), 100), Fraction(test, 100)


def assert_partition(parts: Parts, rows: int) -> None:
    together = np.concatenate([parts.train, parts.val, parts.test])
    assert np.array_equal(np.sort(together), np.arange(rows))
    for part in (parts.train, parts.val, parts.test):
        assert part.dtype == np.int64 and np.all(np.diff(part) > 0)


@given(st.integers(8, 5000), st.sampled_from([Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(3, 4)]))
@settings(deadline=None)
def test_sizes_are_those_of_scikit_learn(rows: int, test: Fraction) -> None:
    """With shares that float64 holds exactly; elsewhere scikit-learn's ceil may see a product rounded up."""
    selection = pytest.importorskip("sklearn.model_selection")
    train, held = selection.train_test_split(np.arange(rows), test_size=float(test))
    assert sizes(rows, (1 - test, Fraction(0), test)) == (len(train), 0, len(held))


@pytest.mark.parametrize("rows", [442, 569, 1797])
@pytest.mark.parametrize("test", [10, 15, 20, 25, 30])
def test_usual_sizes_are_those_of_scikit_learn(rows: int, test: int) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    train, held = selection.train_test_split(np.arange(rows), test_size=test / 100)
    assert sizes(rows, shares(100 - test, test)) == (len(train), 0, len(held))


def test_sizes() -> None:
    assert sizes(1797, shares(70, 15, 15)) == (1257, 270, 270)
    assert sizes(100, shares(93, 7)) == (93, 0, 7)
    assert sizes(150, shares(80, 20)) == (120, 0, 30)
    with pytest.raises(DataError, match="2 rows are too few for the split 70/15/15"):
        sizes(2, shares(70, 15, 15))


@pytest.mark.parametrize("rows", [3, 10, 1797])
def test_a_random_split_is_a_partition(rows: int) -> None:
    parts = split_random(rows, shares(60, 20, 20), 0)
    assert_partition(parts, rows)
    assert (len(parts.train), len(parts.val), len(parts.test)) == sizes(rows, shares(60, 20, 20))


@given(keys=st.lists(st.integers(0, 5), min_size=4, max_size=40), percent=st.sampled_from([(70, 15, 15), (60, 40, 0)]))
def test_of_rows_with_one_key_the_earlier_comes_first(keys: list[int], percent: tuple[int, ...]) -> None:
    shares = (Fraction(percent[0], 100), Fraction(percent[1], 100), Fraction(percent[2], 100))
    _, val, test = sizes(len(keys), shares)
    order = sorted(range(len(keys)), key=lambda row: keys[row])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dslc.data.split._keys", lambda rows, seed: np.array(keys, np.uint64))
        parts = split_random(len(keys), shares, 0)
    assert parts.test.tolist() == sorted(order[:test])
    assert parts.val.tolist() == sorted(order[test : test + val])
    assert parts.train.tolist() == sorted(order[test + val :])


def test_the_seed_decides() -> None:
    one, again, other = (split_random(500, shares(80, 20), seed) for seed in (1, 1, 2))
    assert np.array_equal(one.test, again.test)
    assert not np.array_equal(one.test, other.test)
    # This is a promise to every later version and every machine.
    assert split_random(20, shares(70, 15, 15), 0).test.tolist() == PINNED


PINNED = [2, 6, 19]


def test_every_row_is_as_likely_in_the_test_part() -> None:
    drawn = np.zeros(40)
    for seed in range(400):
        drawn[split_random(40, shares(75, 25), seed).test] += 1
    assert np.all(np.abs(drawn - 100) < 5 * np.sqrt(400 * 0.25 * 0.75))


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=25),
    st.sampled_from([(70, 15, 15), (80, 20), (1, 98, 1), (34, 33, 33), (50, 50)]),
)
@settings(deadline=None)
def test_apportion_keeps_sums_and_rounds_each_entry_up_or_down(counts: list[int], percent: tuple[int, ...]) -> None:
    total = sum(counts)
    _, val, test = shares(*percent)
    wanted = (total - int(total * val) - int(total * test), int(total * val), int(total * test))
    held = np.array(apportion(counts, wanted))
    assert held.sum(1).tolist() == counts and tuple(held.sum(0)) == wanted
    exact = np.outer(counts, wanted)
    assert np.all(np.abs(held * total - exact) < total)


@pytest.mark.parametrize("percent", [(70, 15, 15), (80, 20)])
def test_a_stratified_split_keeps_each_share_within_one_row(percent: tuple[int, ...]) -> None:
    strata = np.repeat([3, 1, 7], [50, 31, 120])[np.random.default_rng(0).permutation(201)]
    parts = split_stratified(strata, "y", shares(*percent), 5)
    assert_partition(parts, 201)
    assert (len(parts.train), len(parts.val), len(parts.test)) == sizes(201, shares(*percent))
    for value, count in ((3, 50), (1, 31), (7, 120)):
        for part in (parts.train, parts.val, parts.test):
            assert abs((strata[part] == value).sum() - count * len(part) / 201) < 1


def test_a_stratified_split_is_random_within_a_class() -> None:
    strata = np.arange(200) % 2
    tests = [split_stratified(strata, "y", shares(80, 20), seed).test for seed in (0, 0, 1)]
    assert np.array_equal(tests[0], tests[1]) and not np.array_equal(tests[0], tests[2])
    assert len(np.intersect1d(tests[0], np.arange(40))) < 20


def test_a_column_of_many_values_cannot_stratify() -> None:
    with pytest.raises(DataError, match=r'"age" has 60 distinct values in 100 rows'):
        split_stratified(np.arange(100) % 60, "age", shares(80, 20), 0)


def test_without_a_split_all_rows_train() -> None:
    assert_partition(all_training(7), 7)
    assert len(all_training(7).train) == 7
