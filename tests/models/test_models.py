"""Every example model checks clean, says what to expect, and trains to it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dslc.cli.main import run

MODELS = Path(__file__).resolve().parents[2] / "models"

REACHES: dict[str, dict[str, tuple[float, float]]] = {
    "digits": {"accuracy": (0.96, 1)},
    "digits_cnn": {"accuracy": (0.98, 1)},
    "digits_low": {"accuracy": (0.98, 1)},
    "digits_finetune": {"accuracy": (0.93, 0.98)},
    "digits_residual": {"accuracy": (0.98, 1)},
    "autoencoder": {"mae": (0.05, 0.1)},
    "vae": {"mae": (0.08, 0.14)},
    "gan": {},
    "siamese": {"accuracy": (0.94, 1)},
    "segmentation": {"accuracy": (0.985, 1)},
    "own": {"accuracy": (0.94, 1)},
    "breast_cancer": {"accuracy": (0.94, 1)},
    "penguins": {"accuracy": (0.96, 1)},
    "penguin_sex": {"accuracy": (0.86, 1)},
    "two_heads": {"body_mass_g.rmse": (0.3, 0.5), "bill_length_mm.below": (0.82, 0.99)},
    "heat": {"error": (0, 0.001)},
    "births": {"mae": (0.12, 0.171)},
    "moby": {"perplexity": (2, 5.755)},
    "diabetes": {"mae": (0.45, 0.65), "rmse": (0.6, 0.85)},
}
"""Model -> the range of each of its test metrics."""

SLOW = frozenset({"moby"})
"""Models that take minutes."""

ON_DATA: dict[str, dict[str, tuple[float, float]]] = {"lenet": {"accuracy": (0.88, 1)}}
"""The same for models whose data the command line names: here the digits, three times as large."""

FILES = sorted(MODELS.glob("*.dsl"))
TAKE_MINUTES = [pytest.param(path, marks=pytest.mark.slow) for path in FILES if path.stem in SLOW]
WORKLOADS = sorted(MODELS.glob("workloads/*.dsl"))


def stem(path: Path) -> str:
    return path.stem


def test_every_model_states_what_it_reaches() -> None:
    assert {path.stem for path in FILES} == {*REACHES, *ON_DATA}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits as images of 28x28 pixels, in Keras's names."""
    with np.load(MODELS / "data" / "digits.npz") as digits:
        large = np.kron(digits["x"].reshape(-1, 8, 8), np.ones((1, 3, 3)))
        path = tmp_path_factory.mktemp("images") / "digits28.npz"
        np.savez_compressed(path, x_train=np.pad(large, ((0, 0), (2, 2), (2, 2))).astype(np.uint8), y_train=digits["y"])
    return path


@pytest.fixture(scope="module")
def beside_its_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `digits_finetune.dsl` finds what it loads."""
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(MODELS / "data", folder / "data")
    for name in ("digits_low.dsl", "digits_finetune.dsl"):
        shutil.copy(MODELS / name, folder)
    assert run(["train", str(folder / "digits_low.dsl"), "--quiet", "--out", str(folder / "digits_low")]) == 0
    return folder


def place_of(path: Path, beside_its_base: Path) -> Path:
    return beside_its_base / path.name if path.stem == "digits_finetune" else path


def told(path: Path, images: Path) -> list[str]:
    """The model on the command line, with its data where it has none beside it."""
    return [str(path), *(["--data", str(images)] if path.stem in ON_DATA and path in FILES else [])]


@pytest.mark.parametrize("path", [*FILES, *WORKLOADS], ids=stem)
def test_it_checks_clean(path: Path, images: Path, beside_its_base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = place_of(path, beside_its_base)
    if path.stem in ON_DATA and path in FILES:  # whose data it would name stands beside it
        shutil.copy(images, images.with_name("images.npz"))
        path = Path(shutil.copy(path, images.parent))
    assert run(["check", "--strict", str(path)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", FILES, ids=stem)
def test_its_first_comment_says_what_to_expect(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# Expect: ")


@pytest.mark.parametrize("path", [*(path for path in FILES if path.stem not in SLOW), *TAKE_MINUTES], ids=stem)
def test_it_trains(path: Path, images: Path, beside_its_base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert (
        run(["train", *told(place_of(path, beside_its_base), images), "--quiet", "--no-run", "--format", "json"]) == 0
    )
    result = json.loads(capsys.readouterr().out)
    assert result["model"] == path.stem
    for metric, (low, high) in (REACHES | ON_DATA)[path.stem].items():
        assert low <= result["test"][metric] <= high
