"""Every example model checks clean, says what to expect, and trains to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dslc.cli.main import run

MODELS = Path(__file__).resolve().parents[2] / "models"

REACHES: dict[str, dict[str, tuple[float, float]]] = {
    "digits": {"accuracy": (0.96, 1)},
    "own": {"accuracy": (0.94, 1)},
    "breast_cancer": {"accuracy": (0.94, 1)},
    "penguins": {"accuracy": (0.96, 1)},
    "penguin_sex": {"accuracy": (0.86, 1)},
    "two_heads": {"body_mass_g.rmse": (0.3, 0.5), "bill_length_mm.below": (0.82, 0.99)},
    "diabetes": {"mae": (0.45, 0.65), "rmse": (0.6, 0.85)},
}
"""Model -> the range of each of its test metrics."""

FILES = sorted(MODELS.glob("*.dsl"))
WORKLOADS = sorted(MODELS.glob("workloads/*.dsl"))


def test_every_model_states_what_it_reaches() -> None:
    assert {path.stem for path in FILES} == set(REACHES)


@pytest.mark.parametrize("path", [*FILES, *WORKLOADS], ids=lambda path: path.stem)
def test_it_checks_clean(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--strict", str(path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_first_comment_says_what_to_expect(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# Expect: ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_trains(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(path), "--quiet", "--no-run", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["model"] == path.stem
    for metric, (low, high) in REACHES[path.stem].items():
        assert low <= result["test"][metric] <= high
