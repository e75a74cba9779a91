"""`dslc show`: every stage of a file, and the library's definitions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_files import write_points

from dslc.cli.main import run
from dslc.cli.show import STAGES

BEGINS = {
    "settings": "let width",
    "ast": "Module 1:1",
    "graph": "graph forward\n%0 = ",
    "grad": "graph gradients\n%0 = ",
    "passes": "graph train\n%0 = ",
    "program": "program points",
    "source": '"""',
}


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return write_points(tmp_path).name


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_a_text_view(stage: str, points: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", points, "--stage", stage]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(BEGINS[stage])
    assert not err


def test_settings_show_what_each_optimizer_minimizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """
    data { input x: [3] }
    net { a = x | dense(2); b = x | dense(2) }
    loss left = mean(a^2)
    loss right = mean(b^2)
    train { minimize left over a with sgd(0.1); minimize right over b with adam }
    """
    path = tmp_path / "apart.dsl"
    path.write_text(text, encoding="utf-8")
    assert run(["show", str(path), "--stage", "settings"]) == 0
    shown = capsys.readouterr().out
    assert "sgd of left over a" in shown and "adam of right over b" in shown


def test_settings_show_value_and_origin(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", points, "--set", "width=16", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    rows = {row["name"]: (row["value"], row["origin"]) for row in shown["settings"]}
    assert shown["schema"] == 1
    assert rows["let width"] == ("16", "--set")
    assert rows["let rate"] == ("0.01", "points.dsl:2")
    assert rows["train.batch"] == ("16", "points.dsl:6")
    assert rows["train.shuffle"] == ("true", "default")
    assert rows["train.stop"] == ("nothing", "default")
    assert rows["train.keep"] == ("best val.accuracy", "points.dsl:6")
    assert rows["train.optimizer"] == ("adam", "points.dsl:6")
    assert rows["adam.rate"] == ("rate", "points.dsl:6")
    assert rows["adam.beta1"] == ("0.9", "default")


def test_a_setting_that_is_not_there_is_an_error(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", points, "--set", "widht=16"]) == 2
    assert "did you mean `width`?" in capsys.readouterr().err


def test_a_definition_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "adam"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# prelude/optimizers.dsl:")
    assert "optimizer adam(rate: positive = 1e-3" in out


def test_a_name_of_two_kinds_shows_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "constant"]) == 0
    out = capsys.readouterr().out
    assert "initializer constant" in out
    assert "schedule constant" in out


def test_an_unknown_definition_has_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "adamm"]) == 2
    assert "did you mean `adam`?" in capsys.readouterr().err


def test_gradients_of_a_definition_are_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "squared_error", "--stage", "grad"]) == 0
    assert "prediction - target" in capsys.readouterr().out


def test_what_is_no_stage_of_a_definition_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "adam", "--stage", "program"]) == 2
    assert "--stage program is for files" in capsys.readouterr().err


def test_an_optimizer_is_shown_as_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "momentum", "--stage", "graph"]) == 0
    assert capsys.readouterr().out == "update.v = beta * v + grad\nupdate.weight = weight - rate * update.v\n"


def test_formulas_fit_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "adamw", "--stage", "graph"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_an_optimizer_has_no_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "adam", "--stage", "grad"]) == 2
    assert "see --stage graph" in capsys.readouterr().err
