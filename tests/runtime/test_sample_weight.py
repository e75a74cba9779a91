"""Weights of rows: a row that weighs 2 counts as two rows, one that weighs 0 as none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dslc
from dslc.diagnostics import DataError
from dslc.model import Model

TEXT = """
data { input x: [3]; target y: class(2) }
net { x | dense(4) | tanh | dense(outputs) }
loss cross_entropy
train { gradient_descent(0.5); epochs 20; seed 2; watch accuracy }
"""
ROWS = 12
Array = npt.NDArray[np.float64]


def rows() -> tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Inputs, classes, and weights 0, 1 or 2."""
    draw = np.random.default_rng(3)
    return draw.normal(size=(ROWS, 3)), draw.integers(0, 2, ROWS), np.arange(ROWS) % 3


def trained(fit: Callable[[Model], object], backend: str) -> Model:
    model = dslc.compile(text=TEXT, backend=backend, dtype="float64")
    fit(model)
    return model


@pytest.mark.parametrize("backend", ["reference", "cpu"])
def test_a_weight_counts_as_so_many_rows(backend: str) -> None:
    x, y, weight = rows()
    weighed = trained(lambda m: m.fit(x, y, sample_weight=weight), backend)
    repeated = trained(lambda m: m.fit(np.repeat(x, weight, 0), np.repeat(y, weight)), backend)
    for name, value in weighed.weights.items():
        np.testing.assert_allclose(value, repeated.weights[name], rtol=1e-9, atol=1e-12)
    many = repeated.evaluate(np.repeat(x, weight, 0), np.repeat(y, weight))
    assert weighed.evaluate(x, y, sample_weight=weight) == pytest.approx(many, rel=1e-9)
    assert weighed.evaluate_part("train") == pytest.approx(many, rel=1e-9)


def test_only_ratios_count() -> None:
    x, y, weight = rows()
    one, thousand = (trained(lambda m, k=k: m.fit(x, y, sample_weight=weight * k), "reference") for k in (1, 1000))
    for name, value in one.weights.items():
        np.testing.assert_allclose(value, thousand.weights[name], rtol=1e-9, atol=1e-12)


def test_rows_to_validate_on_count_1() -> None:
    x, y, weight = rows()
    model = trained(lambda m: m.fit(x, y, validation=(x, y), sample_weight=weight), "reference")
    assert model.evaluate_part("val") == pytest.approx(model.evaluate(x, y), rel=1e-9)


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ([1.0] * (ROWS - 1), r"is \[11\] float64, not \[12\]"),
        ([-1.0] + [1.0] * (ROWS - 1), "row 0: -1.0"),
        ([1.0, float("nan")] + [1.0] * (ROWS - 2), "row 1: nan"),
        ([0.0] * ROWS, "every training row weighs 0"),
        (["a"] * ROWS, "not \\[12\\] numbers"),
    ],
)
def test_what_is_no_weight_is_refused(weight: list[float], reason: str) -> None:
    x, y, _ = rows()
    with pytest.raises(DataError, match=reason):
        dslc.compile(text=TEXT, backend="reference").fit(x, y, sample_weight=weight)


def test_weights_come_with_rows() -> None:
    with pytest.raises(TypeError, match="comes with"):
        dslc.compile(text=TEXT, backend="reference").fit(sample_weight=[1.0])


def test_a_weight_stays_with_its_row_where_others_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b,y\n" + "".join(f"{k},{k % 5},{k % 2}\n" for k in range(20)), "utf-8")
    text = 'data { csv "rows.csv"; target y; missing drop rows }\nnet { inputs | dense(outputs) }\nloss cross_entropy\n'
    (tmp_path / "m.dsl").write_text(f"{text}train {{ sgd(0.1); batch 4; epochs 2; shuffle false }}\n", "utf-8")
    gaps: dict[str, list[float | None]] = {"a": [1, None, 3, 4, 5, 6], "b": [0, 1, 2, 3, 4, 5]}
    y, weight = [0, 1, 0, None, 1, 1], np.array([1.0, 90, 2, 90, 3, 4])
    kept = [0, 2, 4, 5]
    whole = {name: [cells[k] for k in kept] for name, cells in gaps.items()}
    some, all_kept = (dslc.compile(tmp_path / "m.dsl", backend="reference") for _ in range(2))
    with pytest.warns(dslc.DataWarning, match="1 of 6 rows have no `y` .*; 1 of 5 rows have missing cells"):
        some.fit(gaps, y, sample_weight=weight)
    all_kept.fit(whole, [0, 0, 1, 1], sample_weight=weight[kept])
    for name, value in some.weights.items():
        np.testing.assert_array_equal(value, all_kept.weights[name])
    with pytest.warns(dslc.DataWarning):
        found = some.evaluate(gaps, y, sample_weight=weight)
    assert found == some.evaluate(whole, [0, 0, 1, 1], sample_weight=weight[kept])
    with pytest.warns(dslc.DataWarning):
        some.fit(gaps, y, sample_weight=weight, validation=(whole, [0, 0, 1, 1]))
    with pytest.raises(DataError, match=r"is \[4\] float64, not \[6\]"):
        some.fit(gaps, y, sample_weight=weight[kept])
