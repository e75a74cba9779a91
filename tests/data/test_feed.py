"""Arrays from Python: checked against the data block, then prepared like a file's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dslc.data.feed import feed, join, read_inputs
from dslc.data.schema import Schema, Task
from dslc.diagnostics import DataError
from dslc.source import BUILT_IN

from .model import fitted, only, prepared, raw

BLOCK = "input x: [4, 2]; target y: class(3); scale zscore"
X = np.random.default_rng(0).normal(5, 3, (12, 4, 2))
Y = np.arange(12) % 3


def test_before_any_array_there_are_no_rows_but_a_schema() -> None:
    data = prepared(raw(BLOCK), Task.CLASSES)
    assert data.preparation is None and len(data.train) == 0
    assert data.inputs["x"].shape == (0, 4, 2)
    assert data.schema.target is not None and data.schema.target.classes == 3


@pytest.mark.parametrize("x", [X, X.tolist(), X.astype(np.float32), {"x": X}, {"inputs": X}])
def test_arrays_of_any_kind(x: object) -> None:
    data = prepared(feed(raw(BLOCK), x, Y.tolist()), Task.CLASSES)
    assert only(data).tolist() == Y.tolist()
    assert data.inputs["x"].dtype == np.float64 and abs(data.inputs["x"].mean()) < 1e-6
    assert np.array_equal(data.train, np.arange(12))


def test_validation_rows_follow_the_training_rows_and_fit_nothing() -> None:
    both, parts = join(feed(raw(BLOCK), X[:8], Y[:8]), feed(raw(BLOCK), X[8:], Y[8:]))
    data = prepared(both, Task.CLASSES, parts)
    assert data.train.tolist() == list(range(8)) and data.val.tolist() == [8, 9, 10, 11]
    np.testing.assert_allclose(data.inputs["x"][:8].mean((0, 1)), 0, atol=1e-12)


def test_a_label_of_the_validation_rows_is_named_as_such() -> None:
    both, parts = join(feed(raw(BLOCK), X[:8], Y[:8]), feed(raw(BLOCK), X[8:], [0, 1, 3, 0]))
    with pytest.raises(DataError, match=r'^validation array "y", row 2: class 3 is outside class\(3\), 0 to 2$'):
        prepared(both, Task.CLASSES, parts)


def test_what_was_fitted_is_kept() -> None:
    first = prepared(feed(raw(BLOCK), X, Y), Task.CLASSES)
    again = prepared(feed(raw(BLOCK), X[:2] + 100, Y[:2]), Task.CLASSES, fitted=first.preparation)
    assert again.preparation is first.preparation
    assert again.inputs["x"].min() > 10


def test_a_model_of_a_table_takes_its_columns_as_one_array(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,y\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n")
    model = raw('csv "a.csv"; target y; split 50/50 stratified b', tmp_path)
    labels = prepared(feed(model, np.array([[1, 0], [2, 1], [3, 0], [4, 1.0]]), [5, 6, 5, 6]), Task.CLASSES)
    assert fitted(labels).classes == (5, 6)
    assert len(labels.test) == 2


def test_the_split_of_the_block_holds_for_arrays_too() -> None:
    data = prepared(feed(raw(BLOCK + "; split 50/50 stratified y"), X, Y), Task.CLASSES)
    assert sorted(Y[data.test].tolist()) == [0, 0, 1, 1, 2, 2]


TWO = "input a: [2]; input b: [1]; target y"


def test_several_inputs_come_by_name() -> None:
    arrays = read_inputs(
        raw(TWO).recipe, Schema(raw(TWO).inputs, (), BUILT_IN), {"b": [[1], [2]], "a": [[1, 2], [3, 4]]}
    )
    assert {name: values.shape for name, values in arrays.items()} == {"a": (2, 2), "b": (2, 1)}


WRONG = {
    "shape": (BLOCK, X[..., 0], Y, 'array "x": is [12, 4], but [rows, 4, 2] was declared'),
    "rows": (BLOCK, X, Y[:5], 'array "y": has 5 rows, but the inputs have 12'),
    "no rows": (BLOCK, X[:0], Y[:0], 'array "x": has no rows'),
    "a number": (BLOCK, 3, Y, 'array "x": is [], but [rows, 4, 2] was declared'),
    "column of labels": (BLOCK, X, Y[:, None], 'array "y": is [12, 1], but [rows] was declared'),
    "text": (BLOCK, X, ["a"] * 12, 'array "y": holds <U1, not numbers'),
    "objects": (BLOCK, X, [None] * 12, 'array "y": holds object, not numbers'),
    "no target": (BLOCK, X, None, 'no values for the target "y"'),
    "label": (BLOCK, X, [*Y[:-1], 3], 'array "y", row 11: class 3 is outside class(3), 0 to 2'),
    "fractional label": (BLOCK, X, [0.5, *Y[1:]], 'array "y", row 0: 0.5 is not a class (a whole number)'),
    "unknown input": (TWO, {"a": [[1, 2]], "B": [[1]]}, [1], 'no input is named "B"; did you mean "b"?'),
    "absent input": (TWO, {"a": [[1, 2]]}, [1], 'no values for the input "b"'),
    "rows of inputs": (TWO, {"a": [[1, 2]], "b": [[1], [2]]}, [1], 'array "b": has 2 rows, but the inputs have 1'),
    "several in one": (TWO, [[1, 2]], [1], "2 inputs take a mapping by name: a, b"),
    "unneeded target": ("input x: [1]", [[1]], [1], "the data block has no target"),
}


@pytest.mark.parametrize(("block", "x", "y", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arrays_are_named(block: str, x: object, y: object, message: str) -> None:
    with pytest.raises(DataError) as caught:
        prepared(feed(raw(block), x, y), Task.CLASSES if "class" in block else Task.VALUES)
    assert str(caught.value) == message


@pytest.mark.parametrize(("value", "what"), [(np.nan, "a missing value"), (np.inf, "inf is not a finite number")])
def test_values_that_are_not_finite_are_named(value: float, what: str) -> None:
    wrong = X.copy()
    wrong[7, 3, 1] = value
    with pytest.raises(DataError, match=rf'^array "x", row 7, element \[3, 1\]: {what}'):
        feed(raw(BLOCK), wrong, Y)


def test_ragged_lists_are_named() -> None:
    with pytest.raises(DataError, match=r'^array "x": '):
        feed(raw(BLOCK), [[1, 2], [3]], Y)


def test_masked_cells_of_an_array_are_missing_and_a_name_may_be_anything() -> None:
    model = raw(BLOCK)
    with pytest.raises(DataError, match=r'^array "x", row 0, element \[0, 0\]: a missing value$'):
        feed(model, np.ma.masked_array(X, X[0, 0, 0] == X), Y)
    with pytest.raises(DataError, match=r'^no input is named "1"$'):
        feed(model, {1: X}, Y)
