"""`plateau` in training: the rate falls when the validation loss, or without one the training loss, has stalled."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.runtime.history import Status

TEXT = """
loss level(prediction, target) = prediction + 0 * target
data {{ input x: [1]; target y }}
net {{ x | dense(1, bias = false) }}
loss level
train {{ sgd(plateau(0.1, factor = 0.5, patience = 2{more})); batch 4; epochs 10; seed 1 }}
"""
"""The gradient is the mean of x whatever the weight is: an epoch's step is the rate."""


def steps(model: dslc.Model, epochs: int, stalls: bool) -> list[float]:
    """The way of the weight in each epoch, where the validation loss is always the same, or always lower."""
    at = [float(model.weights["dense.w"][0, 0])]
    x, y = np.ones((4, 1)), np.zeros(4)
    held = np.zeros((4, 1)) if stalls else x

    def note(status: Status) -> None:
        at.append(float(model.weights["dense.w"][0, 0]))

    model.fit(x, y, validation=(held, y), epochs=epochs, callback=note)
    return [before - after for before, after in pairwise(at)]


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_the_rate_falls_after_more_than_patience_epochs_without_a_lower_loss(backend: str) -> None:
    model = dslc.compile(text=TEXT.format(more=""), backend=backend, dtype="float64")
    np.testing.assert_allclose(steps(model, 10, True), [0.1] * 4 + [0.05] * 3 + [0.025] * 3, rtol=1e-9)


def test_while_the_loss_falls_the_rate_stays() -> None:
    model = dslc.compile(text=TEXT.format(more=""), dtype="float64")
    np.testing.assert_allclose(steps(model, 10, False), [0.1] * 10, rtol=1e-9)


def test_it_never_falls_below_the_least() -> None:
    model = dslc.compile(text=TEXT.format(more=", least = 0.04"), dtype="float64")
    np.testing.assert_allclose(steps(model, 12, True), [0.1] * 4 + [0.05] * 3 + [0.04] * 5, rtol=1e-9)


def test_a_saved_model_remembers_how_often_it_fell(tmp_path: Path) -> None:
    model = dslc.compile(text=TEXT.format(more=""), dtype="float64")
    steps(model, 5, True)
    model.save(tmp_path / "m.dslm")
    np.testing.assert_allclose(steps(dslc.load(tmp_path / "m.dslm"), 3, False), [0.05] * 3, rtol=1e-9)


def test_groups_may_have_plateaus_of_their_own() -> None:
    text = """data { input x: [4]; target y: class(3) }
net { body = x | dense(6) | tanh;  body | dense(outputs) }
loss cross_entropy
train { adam(plateau(1e-2)); sgd(plateau(1e-1)) on body; batch 8; epochs 2; seed 1 }"""
    model = dslc.compile(text=text)
    model.fit(np.ones((8, 4)), np.zeros(8, int))
    assert {name for name in model.session.states if "plateau" in name} == {
        f"plateau{k}.{name}" for k in ("", "_2") for name in ("last", "falls")
    }


def test_the_groups_of_one_statement_share_its_plateau() -> None:
    text = """data { input x: [4]; target y: class(3) }
net { body = x | dense(6) | tanh;  head = body | dense(outputs);  head }
loss cross_entropy
train { sgd(plateau(0.1)) on body, head; batch 8; epochs 2; seed 1 }"""
    model = dslc.compile(text=text)
    assert {name for name in model.session.states if "plateau" in name} == {"plateau.last", "plateau.falls"}
