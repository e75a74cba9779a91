"""Formulas of columns: what NumPy gives for every row, missing where a cell is, and saved by the model file's text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dslc.data.feed import read_inputs
from dslc.data.schema import Task
from dslc.diagnostics import DataError

from .model import dataset, only, raw

TABLE = "a,b,sex,born,died,y\n1,4,f,2000-02-29,2000-03-01,0\n2,,m,1999-12-31,,1\n-3,0.5,,1969-12-29,2026-11-23,0\n"
MEANINGS = {
    "a + b * 2 - 1": [8, np.nan, -3],
    "-a ^ 2": [-1, -4, -9],
    "a / b": [0.25, np.nan, -6],
    "abs(a) + sqrt(b)": [3, np.nan, 3 + 0.5**0.5],
    "log(exp(a))": [1, 2, -3],
    "min(a, b) + 10 * max(a, 0)": [11, np.nan, -3],
    "a > 0": [1, 1, 0],
    "a > 0 and not b > 1": [0, np.nan, 0],
    "where(a > 0, a, b)": [1, 2, 0.5],
    "if b >= 1 then 1 else 0": [1, np.nan, 0],
    'sex == "f"': [1, 0, np.nan],
    '"m" != sex': [1, 0, np.nan],
    'where(sex == "z", 1, 0)': [0, 0, np.nan],
    "year(born) * 10000 + month(born) * 100 + day(born)": [20000229, 19991231, 19691229],
    "weekday(born)": [2, 5, 1],
    "died - born": [1, np.nan, 20783],
    "born < died": [1, np.nan, 1],
    "a * 50%": [0.5, 1, -1.5],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(TABLE)
    return tmp_path


@pytest.mark.parametrize(("formula", "expected"), MEANINGS.items())
def test_a_formula_means_what_it_says(formula: str, expected: list[float], folder: Path) -> None:
    found = raw(f'csv "a.csv"; target y; only new; column new = {formula}', folder).table.columns["new"].values
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("formula", "line", "what"),
    [("1 / (a - 1)", 2, "an infinite number"), ("sqrt(a)", 4, "no number"), ("exp(a * 1000)", 2, "an infinite number")],
)
def test_a_row_without_a_value_is_named(formula: str, line: int, what: str, folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        raw(f'csv "a.csv"; target y; only new; column new = {formula}', folder)
    assert str(caught.value) == f'a.csv:{line}: column "new": its formula gives {what} here'


def test_formulas_stand_on_formulas_and_count_when_predicting(folder: Path) -> None:
    block = 'csv "a.csv"; target y; only a, d; column c = a + 1; column d = c * c; scale zscore'
    data = dataset(block, folder)
    assert data.preparation is not None and data.schema.inputs[0].columns == ("a",)
    again = read_inputs(raw(block, folder).recipe, data.schema, {"a": [2, 1]})
    np.testing.assert_array_equal(data.preparation.apply(again)["inputs"], data.inputs["inputs"][[1, 0]])


def test_a_formula_may_be_the_target(folder: Path) -> None:
    block = 'csv "a.csv"; target big; only sex; column big = a * 2; missing mode'
    data = dataset(block, folder, Task.VALUES)
    assert only(data).tolist() == [2, 4, -6]
    assert data.preparation is not None
    rows = read_inputs(raw(block, folder).recipe, data.schema, {"sex": ["m", None]})
    assert np.asarray(data.preparation.apply(rows)["inputs"]).tolist() == [[0, 1], [1, 0]]
