"""A category that no training row has counts as none of the column's categories; the caller is told, once a call."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dslc
from dslc.data.column import Column, Kind
from dslc.data.unseen import unseen_cells
from dslc.model import Model

TEXT = """
data { csv "rows.csv"; target y; missing mode }
net { inputs | dense(outputs) }
loss squared_error
train { sgd(0.1); batch 4; epochs 1 }
"""
KNOWN = {"island": ["Biscoe", "Dream"] * 4, "size": [1.0, 2.0] * 4, "sex": ["f", "m"] * 4}
STRANGE = {"island": ["Atlantis", "Dream", "Avalon", "Atlantis"], "size": [1.0, 2, 3, 4], "sex": ["f", "m", "x", None]}
TOLD = (
    '3 cells of "island" hold a category that no training row has ("Atlantis", "Avalon"); '
    '1 cell of "sex" holds a category that no training row has ("x")'
)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    pd.DataFrame(KNOWN | {"y": np.arange(8.0)}).to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "m.dsl").write_text(TEXT, "utf-8")
    return dslc.compile(tmp_path / "m.dsl", backend="reference")


USES: dict[str, Callable[[Model, object], object]] = {
    "predict": lambda model, x: model.predict(x),  # type: ignore[arg-type]
    "forward": lambda model, x: model.forward(x),  # type: ignore[arg-type]
    "evaluate": lambda model, x: model.evaluate(x, np.arange(4.0)),  # type: ignore[arg-type]
    "gradients": lambda model, x: model.gradients(x, np.arange(4.0)),  # type: ignore[arg-type]
    "fit": lambda model, x: model.fit(x, np.arange(4.0)),  # type: ignore[arg-type]
    "validation": lambda model, x: model.fit(KNOWN, np.arange(8.0), validation=(x, np.arange(4.0))),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("given", [dict, pd.DataFrame])
@pytest.mark.parametrize("use", USES)
def test_every_call_tells_it_once_at_the_callers_line(use: str, given: type, model: Model) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        USES[use](model, given(STRANGE))
    assert [str(warning.message) for warning in told] == [TOLD]
    assert issubclass(told[0].category, dslc.DataWarning)
    assert told[0].filename == __file__


def test_what_is_known_is_not_told(model: Model) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for use in USES.values():
            use(model, {name: values[:4] for name, values in KNOWN.items()})


def test_it_counts_as_none_of_the_categories(model: Model) -> None:
    weights = model.weights
    with pytest.warns(dslc.DataWarning):
        predicted = model.predict({"island": ["Atlantis"], "size": [3.0], "sex": ["f"]})
    f = weights["dense.w"][:, 0]  # island Biscoe, island Dream, size, sex f, sex m
    np.testing.assert_allclose(predicted, [3 * f[2] + f[3] + weights["dense.b"][0]], rtol=1e-5)


def test_a_number_where_training_had_text_is_a_category_too(model: Model) -> None:
    with pytest.warns(dslc.DataWarning, match=r'2 cells of "island" hold .* \(3, 2\.5\)'):
        model.predict({"island": [3, 2.5], "size": [1, 1], "sex": ["f", "f"]})


def test_rows_of_a_file_that_do_not_train_are_told_as_a_note(tmp_path: Path) -> None:
    lines = ["k,y", *(f"name{k},{k}" for k in range(20))]
    (tmp_path / "rows.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "m.dsl").write_text(TEXT.replace("missing mode", "split 80/20"), "utf-8")
    notes = dslc.compile(tmp_path / "m.dsl", backend="reference").dataset.notes
    assert [note.code for note in notes] == ["unseen-category"]
    assert notes[0].text.startswith('4 cells of "k" hold a category that no training row has ("name')


def test_only_a_few_are_named_and_long_ones_are_cut() -> None:
    labels = tuple(f"{k}{'x' * 99}" for k in range(5000))
    told = unseen_cells("k", Column(Kind.CATEGORY, np.arange(5000.0), labels), np.arange(5000))
    assert told.text == (
        f'5000 cells of "k" hold a category that no training row has ("0{"x" * 35}..", "1{"x" * 35}..", ..)'
    )


def test_the_command_line_says_it_on_stderr_once(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.dslm")
    pd.DataFrame(STRANGE | {"y": np.arange(4.0)}).to_csv(tmp_path / "new.csv", index=False)
    for arguments in (["predict", "m.dslm", "new.csv"], ["eval", "m.dslm", "--data", "new.csv"]):
        command = [sys.executable, "-m", "dslc.cli.main", *arguments, "--backend", "reference"]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0 and result.stderr == f"note: {TOLD}\n"
