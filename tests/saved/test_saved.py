"""Models as files: what is loaded predicts, evaluates and trains on as what was saved would have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from example_models import WITH_DATA

import dslc
from dslc.data.table import Frame
from dslc.diagnostics import DataError
from dslc.model import Model
from dslc.runtime.archive import read_archive, write_archive

TEXT = """
let rate = 1e-2
data { input x: [5]; target y: class(3); scale zscore }
net { x | dense(8) | relu | dropout(20%) | dense(outputs) }
loss cross_entropy
train { adam(rate); batch 16; epochs 2; seed 3; watch accuracy }
"""


def rows(count: int = 70) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    draw = np.random.default_rng(5)
    x = draw.normal(3, 2, (count, 5))
    return x, np.argmax(x[:, :3], axis=1)


def same_weights(first: Model, second: Model) -> bool:
    pairs = zip(first.weights.items(), second.weights.items(), strict=True)
    return all(name == other and np.array_equal(a, b) for (name, a), (other, b) in pairs)


@pytest.mark.parametrize("path", WITH_DATA, ids=lambda path: path.stem)
def test_every_model_is_the_same_after_loading(path: Path, tmp_path: Path) -> None:
    model = dslc.compile(path)
    model.fit(epochs=2)
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    assert same_weights(model, loaded)
    assert len(loaded.epochs) == 2
    few = model.compilation.raw.table.take(np.arange(40))
    x = Frame(few.rows, few.columns, few.origin) if few.columns else few.inputs
    if not model.experiment.heads:  # two objectives, and no prediction
        return
    theirs = loaded.predictions(x)
    for name, prediction in model.predictions(x).items():
        assert np.array_equal(prediction.decided, theirs[name].decided)
        assert np.array_equal(prediction.raw, theirs[name].raw)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_training_goes_on_as_if_nothing_had_happened(backend: str, tmp_path: Path) -> None:
    x, y = rows()
    straight, halved = dslc.compile(text=TEXT, backend=backend), dslc.compile(text=TEXT, backend=backend)
    straight.fit(x, y, epochs=2)
    straight.fit(x, y, epochs=3)
    halved.fit(x, y, epochs=2)
    halved.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm", backend=backend)
    loaded.fit(x, y, epochs=3)
    assert same_weights(straight, loaded)
    assert loaded.evaluate(x, y) == straight.evaluate(x, y)


def test_settings_and_preparation_are_kept(tmp_path: Path) -> None:
    x, y = rows()
    model = dslc.compile(text=TEXT, settings={"rate": 0.5}, dtype="float64")
    model.fit(x, y)
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    assert [setting.value for setting in loaded.experiment.settings] == [0.5]
    assert loaded.weights["dense.w"].dtype == np.float64
    assert np.array_equal(loaded.predict_proba(x), model.predict_proba(x))


def test_a_model_that_was_never_trained_is_saved_too(tmp_path: Path) -> None:
    model = dslc.compile(text=TEXT)
    model.save(tmp_path / "m.dslm")
    assert same_weights(model, dslc.load(tmp_path / "m.dslm"))


CHANGES = {
    "model.dsl": b"net {",
    "definitions.dsl": b"layer dense(x) = x\n",
    "model.json": b"[]",
    "preparation.json": b'{"inputs": {"x": {"center": [0], "spread": [1], "low": 0}}}',
    "history.json": b"{}",
    "weights.safetensors": b"\xff" * 40,
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_entry_that_does_not_fit_is_named(name: str, tmp_path: Path) -> None:
    """Written with right sums, as somebody with an editor would: the sums are no defence, the checks are."""
    path = tmp_path / "m.dslm"
    dslc.compile(text=TEXT).save(path)
    write_archive(path, {**read_archive(path), name: CHANGES[name]})
    with pytest.raises(DataError) as caught:
        dslc.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.dslm"
    dslc.compile(text=TEXT).save(path)
    entries = read_archive(path)
    del entries["weights.safetensors"]
    write_archive(path, entries)
    with pytest.raises(DataError, match=r"weights\.safetensors"):
        dslc.load(path)
