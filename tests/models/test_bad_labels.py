"""A label that is no class is named by row and value before anything is compiled, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dslc
from dslc.model import Model

ROWS, BAD = 12, 7
NET = "net {{ {0} | dense(outputs) }}\nloss cross_entropy\ntrain {{ adam(1e-2); batch 4; epochs 1 }}\n"
SOURCES = {
    "csv": 'data { csv "rows.csv"; target y: class(3) }\n' + NET.format("inputs"),
    "npz": 'data { npz "rows.npz" { x = x; y = y }; target y: class(3) }\n' + NET.format("x"),
    "python": "data { input x: [2]; target y: class(3) }\n" + NET.format("x"),
}
OUTSIDE = "is outside class(3), 0 to 2"
LABELS = {
    -1: f"class -1 {OUTSIDE}",
    3: f"class 3 {OUTSIDE}",
    2**31: f"class 2147483648 {OUTSIDE}",
    2**53 + 2: "9.00719925474e+15 is not a class (a whole number)",
    0.5: "0.5 is not a class (a whole number)",
    1e300: "1e+300 is not a class (a whole number)",
}
MISSING = {float("nan"): "a missing value", float("inf"): "inf is not a finite number"}

X = np.random.default_rng(0).normal(size=(ROWS, 2))


def labels(value: float) -> npt.NDArray[np.float64]:
    y = np.arange(ROWS) % 3.0
    y[BAD] = value
    return y


def write(folder: Path, y: npt.NDArray[np.float64]) -> None:
    cells = [repr(label) if label % 1 else str(int(label)) for label in y.tolist()]
    lines = [f"{a},{b},{cell}" for (a, b), cell in zip(X.tolist(), cells, strict=True)]
    (folder / "rows.csv").write_text("\n".join(["a,b,y", *lines]), "utf-8")
    np.savez(folder / "rows.npz", x=X, y=y)


def compiled(source: str, folder: Path, backend: str) -> Model:
    (folder / "m.dsl").write_text(SOURCES[source], "utf-8")
    return dslc.compile(folder / "m.dsl", backend=backend)


def refused(use: Callable[[], object], message: str, model: Model | None = None) -> None:
    with pytest.raises(dslc.DataError) as caught:
        use()
    assert str(caught.value) == message
    assert model is None or model.compile_seconds == 0


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("value", LABELS)
def test_a_label_of_a_file_that_is_no_class(value: float, backend: str, tmp_path: Path) -> None:
    write(tmp_path, labels(value))
    refused(lambda: compiled("csv", tmp_path, backend), f'rows.csv:{BAD + 2}: column "y": {LABELS[value]}')
    refused(lambda: compiled("npz", tmp_path, backend), f'rows.npz: array "y", row {BAD}: {LABELS[value]}')


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("source", ["csv", "npz"])
@pytest.mark.parametrize("value", LABELS)
def test_a_label_of_a_file_to_evaluate_on(value: float, source: str, backend: str, tmp_path: Path) -> None:
    write(tmp_path, labels(0))
    model = compiled(source, tmp_path, backend)
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", labels(value))
    path = tmp_path / "other" / f"rows.{source}"
    place = f':{BAD + 2}: column "y"' if source == "csv" else f': array "y", row {BAD}'
    refused(lambda: model.evaluate_file(path), f"{path}{place}: {LABELS[value]}", model)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("value", [*LABELS, *MISSING])
def test_a_label_from_python(value: float, source: str, backend: str, tmp_path: Path) -> None:
    write(tmp_path, labels(0))
    model, y = compiled(source, tmp_path, backend), labels(value)
    if source == "csv" and np.isnan(value):
        return  # a gap in a table's target: the row is left out, see tests/data
    place = f'column "y", row {BAD}' if source == "csv" else f'array "y", row {BAD}'
    message = f"{place}: {(LABELS | MISSING)[value]}"
    for use in (model.fit, model.evaluate, model.loss, model.gradients):
        refused(lambda use=use: use(X, y), message, model)
    refused(lambda: model.fit(X, labels(0), validation=(X, y)), f"validation {message}", model)


@pytest.mark.parametrize("kind", ["i1", "i8", "u8", "f4", "f8", "?"])
def test_a_label_of_every_type_of_element(kind: str, tmp_path: Path) -> None:
    model = compiled("python", tmp_path, "reference")
    y = (np.arange(ROWS) % 2).astype(kind)
    assert set(model.evaluate(X, y)) == {"loss"}
    if kind != "?":
        y[BAD] = 100
        refused(lambda: model.evaluate(X, y), f'array "y", row {BAD}: class 100 {OUTSIDE}')


@pytest.mark.parametrize("source", ["npz", "python"])
def test_an_input_that_is_not_finite(source: str, tmp_path: Path) -> None:
    write(tmp_path, labels(0))
    model = compiled(source, tmp_path, "reference")
    for value, reason in MISSING.items():
        x = X.copy()
        x[BAD, 1] = value
        message = f'array "x", row {BAD}, element [1]: {reason}'
        for use in (model.fit, model.evaluate, model.loss, model.gradients):
            refused(lambda use=use, x=x: use(x, labels(0)), message, model)
        refused(lambda x=x: model.predict(x), message, model)
