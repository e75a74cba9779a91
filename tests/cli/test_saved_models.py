"""`dslc eval` and `dslc predict`: saved models from the command line."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from model_files import POINTS, write_points

import dslc
from dslc.cli.main import run

Capture = pytest.CaptureFixture[str]
VALUES = """\
data { csv "lines.csv"; target y; scale zscore; scale target zscore }
net { inputs | dense(outputs) }
loss squared_error
train { adam(0.1); batch 16; epochs 60; seed 1; watch rmse }
"""


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a trained classifier `points.dslm` and the data of it."""
    monkeypatch.chdir(tmp_path)
    model = dslc.compile(write_points(tmp_path), backend="reference")
    model.fit()
    model.save("points.dslm")
    return tmp_path


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same with values: y = 3 a - b + 40."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(2)
    rows = [f"{a},{b},{3 * a - b + 40}" for a, b in draw.normal(5, 2, (80, 2))]
    (tmp_path / "lines.csv").write_text("\n".join(["a,b,y", *rows]) + "\n", "utf-8")
    (tmp_path / "lines.dsl").write_text(VALUES, "utf-8")
    model = dslc.compile("lines.dsl", backend="reference")
    model.fit()
    model.save("lines.dslm")
    return tmp_path


def test_eval_measures_the_test_part(points: Path, capsys: Capture) -> None:
    assert run(["eval", "points.dslm", "--backend", "reference", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["schema"] == 1
    assert result["metrics"] == dslc.load("points.dslm", backend="reference").evaluate_file()
    assert set(result["metrics"]) == {"loss", "accuracy"}


def test_a_metric_of_all_rows_at_once_has_bounds_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Of rows of one class there is none: `null`, which misses every bound."""
    monkeypatch.chdir(tmp_path)
    model = dslc.compile(write_points(tmp_path, POINTS.replace("accuracy", "roc_auc")), backend="reference")
    model.fit()
    model.save("points.dslm")
    auc = model.evaluate_part("test")["roc_auc"]
    measure = ["eval", "points.dslm", "--backend", "reference", "--format", "json"]
    assert run([*measure, "--fail-under", f"roc_auc={auc - 0.01}"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["roc_auc"] == pytest.approx(auc)
    assert run([*measure, "--fail-under", f"roc_auc={auc + 0.01}"]) == 1
    np.savez("ones.npz", x=np.full((4, 2), 0.5), y=np.ones(4, np.int64))
    assert run([*measure, "--data", "ones.npz", "--fail-under", "roc_auc=0"]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["metrics"]["roc_auc"], last["missed"]) == (None, ["roc_auc"])


def test_eval_takes_the_folder_of_a_run(points: Path, capsys: Capture) -> None:
    (points / "run").mkdir()
    (points / "points.dslm").rename(points / "run" / "model.dslm")
    assert run(["eval", "run", "--data", "points.npz", "--backend", "reference"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["loss", "accuracy"]


def test_the_folder_of_a_run_loads(points: Path) -> None:
    (points / "run").mkdir()
    (points / "points.dslm").rename(points / "run" / "model.dslm")
    assert dslc.load(points / "run", backend="reference").classes == (0, 1)


def test_data_that_is_not_here_may_be_named(points: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    (points / "elsewhere").mkdir()
    monkeypatch.chdir(points / "elsewhere")
    assert run(["eval", "../points.dslm", "--backend", "reference"]) == 2
    shown = capsys.readouterr().err
    assert "no file" in shown and "--data PATH names other rows" in shown


def test_a_missed_bound_exits_1(points: Path, capsys: Capture) -> None:
    reference = ["--backend", "reference"]
    assert run(["eval", "points.dslm", "--fail-under", "accuracy=1.01", *reference]) == 1
    assert "under 1.01" in capsys.readouterr().err
    assert run(["eval", "points.dslm", "--fail-under", "accuracy=0.1", "--fail-under", "loss=9", *reference]) == 0
    assert run(["eval", "points.dslm", "--fail-under", "loss=1e-9", *reference]) == 1
    assert run(["eval", "points.dslm", "--fail-under", "acuracy=1", *reference]) == 2
    assert "did you mean `accuracy`?" in capsys.readouterr().err


def test_predict_writes_labels_and_probabilities(points: Path, capsys: Capture) -> None:
    assert run(["predict", "points.dslm", "points.npz", "--backend", "reference"]) == 0
    table = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert table[0] == ["y", "probability.0", "probability.1"]
    assert len(table) == 101
    for label, *chances in table[1:]:
        assert float(chances[int(label)]) == max(map(float, chances))
        assert sum(map(float, chances)) == pytest.approx(1)


def test_a_table_comes_from_stdin(lines: Path) -> None:
    rows = (lines / "lines.csv").read_text("utf-8")
    verb = [sys.executable, "-m", "dslc.cli.main", "predict", "lines.dslm", "--backend", "reference"]
    from_stdin = subprocess.run([*verb, "-"], input=rows, capture_output=True, text=True, check=True).stdout
    named = subprocess.run([*verb, "lines.csv"], capture_output=True, text=True, check=True).stdout
    assert from_stdin == named and len(named.splitlines()) == len(rows.splitlines())


def test_numbers_have_the_digits_of_the_nets_own(points: Path, capsys: Capture) -> None:
    model = dslc.load("points.dslm")
    assert run(["predict", "points.dslm", "points.npz", "--format", "json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    chances = np.array([[row["probability.0"], row["probability.1"]] for row in told])
    exact = model.predict_proba(model.read_rows("points.npz"))
    assert isinstance(exact, np.ndarray) and np.array_equal(chances.astype(np.float32), exact)
    assert max(len(str(chance)) for chance in chances.ravel().tolist()) <= 16


def test_predict_writes_values_in_the_targets_unit(lines: Path) -> None:
    """Columns in another order, among others, without the target."""
    (lines / "new.csv").write_text("name,b,a\n1,4,6\n2,5,5\n", "utf-8")
    assert (
        run(["predict", "lines.dslm", "new.csv", "-o", "out.jsonl", "--format", "json", "--backend", "reference"]) == 0
    )
    values = [json.loads(line)["y"] for line in (lines / "out.jsonl").read_text("utf-8").splitlines()]
    assert values == pytest.approx([54, 50], abs=1)


WRONG = {
    "no model": (["predict", "nothing.dslm", "new.csv"], "no such file"),
    "no data": (["predict", "lines.dslm", "nothing.csv"], "No such file"),
    "a column is missing": (["predict", "lines.dslm", "short.csv"], 'no column is named "b"'),
    "a cell is text": (["predict", "lines.dslm", "text.csv"], 'text.csv:3: column "a"'),
    "not a model": (["eval", "lines.csv"], "not a model file"),
    "a folder that is no run": (["eval", "."], "model.dslm"),
    "nowhere to write": (["predict", "lines.dslm", "lines.csv", "-o", "nowhere/out.csv"], "nowhere"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_done_exits_2_and_says_why(case: str, lines: Path, capsys: Capture) -> None:
    (lines / "short.csv").write_text("a,c\n1,2\n", "utf-8")
    (lines / "text.csv").write_text("a,b\n1,2\nx,2\n", "utf-8")
    arguments, reason = WRONG[case]
    assert run([*arguments, "--backend", "reference"]) == 2
    assert reason in capsys.readouterr().err
