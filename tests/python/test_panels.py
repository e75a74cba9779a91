"""Large weights are kept in panels, which nobody sees: names, shapes, files and numbers are as without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import DataError
from dslc.passes import panels

from .small import rows, state

TEXT = """
data { input x: [5]; target y: class(3); scale zscore }
net { x | dense(64) | relu | dense(96) | tanh | dense(outputs) }
loss cross_entropy + 1e-3 * l2(weights)
train { adam(1e-2); batch 16; epochs 2; seed 3; watch accuracy }
"""
WEIGHTS = ("dense.w", "dense_2.w")


def fitted(monkeypatch: pytest.MonkeyPatch, large: int) -> dslc.Model:
    monkeypatch.setattr(panels, "LARGE", large)
    model = dslc.compile(text=TEXT, dtype="float64")
    model.fit(*rows())
    return model


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> dslc.Model:
    model = fitted(monkeypatch, 1)
    shapes = {buffer.name: buffer.shape for buffer in model.program.buffers}
    assert [shapes[name] for name in WEIGHTS] == [(2, 5, 32), (3, 64, 32)]
    assert [shapes[f"m.{name}"] for name in WEIGHTS] == [(2, 5, 32), (3, 64, 32)]
    return model


def test_numbers_are_as_without(model: dslc.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    other = fitted(monkeypatch, 10**9)
    x, y = rows(40, seed=8)
    for name, weight in other.weights.items():
        np.testing.assert_allclose(model.weights[name], weight, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.predict_proba(x), other.predict_proba(x), rtol=1e-9)
    assert model.evaluate(x, y) == pytest.approx(other.evaluate(x, y))
    found, expected = model.gradients(x, y), other.gradients(x, y)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-9, atol=1e-12)
    for at in ("dense", "dense_2"):
        np.testing.assert_allclose(model.forward(x, at=[at])[at], other.forward(x, at=[at])[at], rtol=1e-9)


def test_weights_go_in_and_out_in_their_own_shapes(model: dslc.Model) -> None:
    weights = model.weights
    assert [weights[name].shape for name in WEIGHTS] == [(5, 64), (64, 96)]
    x = rows(7)[0]
    hidden = np.maximum(model.forward(x, at=["dense"])["dense"], 0)
    expected = hidden @ weights["dense_2.w"] + weights["dense_2.b"]
    np.testing.assert_allclose(model.forward(x, at=["dense_2"])["dense_2"], expected, rtol=1e-9, atol=1e-12)
    changed = {"dense_2.w": np.arange(64 * 96, dtype=np.float64).reshape(64, 96)}
    model.set_weights(changed)
    assert np.array_equal(model.weights["dense_2.w"], changed["dense_2.w"])
    assert np.array_equal(model.weights["dense.w"], weights["dense.w"])
    with pytest.raises(DataError, match=r"weight `dense_2.w` has shape \[64, 96\], not \[3, 64, 32\]"):
        model.set_weights({"dense_2.w": np.zeros((3, 64, 32))})


def test_a_saved_model_does_not_know_of_them(
    model: dslc.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on from a file as it would have gone on, with panels or without."""
    model.save(tmp_path / "with.dslm")
    monkeypatch.setattr(panels, "LARGE", 10**9)
    without = dslc.load(tmp_path / "with.dslm")
    assert all(np.array_equal(value, without.weights[name]) for name, value in model.weights.items())
    without.save(tmp_path / "without.dslm")
    monkeypatch.setattr(panels, "LARGE", 1)
    again = dslc.load(tmp_path / "without.dslm")
    x, y = rows(seed=6)
    for each in (model, again):
        each.fit(x, y)
    assert state(model) == state(again)
