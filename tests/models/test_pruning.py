"""`prune`: how many elements of which weights become 0, when, and that they stay 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.runtime.pruning import mask_after


def model_of(train: str, backend: str = "cpu", width: int = 6) -> dslc.Model:
    text = f"""data {{ input x: [4]; target y: class(3) }}
net {{ body = x | dense({width}) | tanh | dense({width}) | tanh;  body | dense(outputs) }}
loss cross_entropy
train {{ batch 8; seed 3; {train} }}"""
    return dslc.compile(text=text, backend=backend)


def data(rows: int = 24) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(0, 3, (rows, 4))
    return x, np.argmax(x[:, :3], 1)


def zeros(model: dslc.Model) -> dict[str, int]:
    return {name: int((value == 0).sum()) for name, value in model.weights.items() if value.ndim == 2}


def test_the_smallest_go_and_of_equals_the_first() -> None:
    weight = np.array([[0.3, -0.1, 0.2], [-0.4, 0.1, 0.0]])
    left = mask_after(weight, np.ones((2, 3)), 0.5)
    np.testing.assert_array_equal(left, [[1, 0, 1], [1, 0, 0]])
    again = mask_after(np.where(left, weight, 0), left, 0.5)
    np.testing.assert_array_equal(again, left)
    np.testing.assert_array_equal(mask_after(weight, left, 0.7), [[1, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(mask_after(weight, left, 0.1), left)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("optimizer", ["adam(1e-2)", "sgd(0.1, momentum = 0.9)"])
def test_pruned_elements_become_0_at_their_epoch_and_stay_0(optimizer: str, backend: str) -> None:
    model = model_of(f"{optimizer}; epochs 2; prune 50% of body after 2 epochs", backend)
    x, y = data()
    model.fit(x, y)
    assert set(zeros(model).values()) == {0}
    before = model.weights
    model.fit(x, y, epochs=1)
    assert zeros(model) == {"body.dense.w": 12, "body.dense_2.w": 18, "dense.w": 0}
    for name in ("body.dense.w", "body.dense_2.w"):
        gone = model.weights[name] == 0
        assert np.abs(before[name][gone]).max() <= np.abs(before[name][~gone]).min()
    gone = {name: value == 0 for name, value in model.weights.items() if name.startswith("body") and value.ndim == 2}
    model.fit(x, y, epochs=5)
    for name, where in gone.items():
        np.testing.assert_array_equal(model.weights[name] == 0, where)


def test_a_second_share_counts_what_is_pruned() -> None:
    model = model_of("adam(1e-2); epochs 5; prune 50% after 1 epoch; prune 75% of body after 3 epochs")
    model.fit(*data())
    assert zeros(model) == {"body.dense.w": 18, "body.dense_2.w": 27, "dense.w": 9}


def test_frozen_weights_are_pruned_once() -> None:
    model = model_of("adam(1e-2); epochs 2; freeze body; prune 50% after 1 epoch")
    before = model.weights["body.dense.w"]
    model.fit(*data())
    after = model.weights["body.dense.w"]
    assert zeros(model) == {"body.dense.w": 12, "body.dense_2.w": 18, "dense.w": 9}
    np.testing.assert_array_equal(after[after != 0], before[after != 0])


def test_the_best_copy_is_of_the_pruned_net() -> None:
    """Whatever the validation loss was before: it was another net's."""
    model = model_of("sgd(0.5); epochs 4; prune 90% after 3 epochs; stop when val.loss stalls 50 epochs; keep best")
    x, y = data()
    history = model.fit(x, y, validation=(x, y))
    assert history["val.loss"][2] < history["val.loss"][3]
    assert history.best_epoch == 4
    assert zeros(model)["dense.w"] == 16


def test_large_weights_are_pruned_in_their_panels() -> None:
    model = model_of("adam(1e-3); epochs 2; prune 25% after 1 epoch; average 0.9", width=256)
    model.fit(*data())
    assert zeros(model)["body.dense_2.w"] == 256 * 64
    assert zeros(model)["average.body.dense_2.w"] == 256 * 64


def test_an_interrupted_training_prunes_once_and_goes_on_alike(tmp_path: Path) -> None:
    x, y = data()
    train = "adam(1e-2); epochs 4; prune 50% after 2 epochs"
    whole, parts = model_of(train), model_of(train)
    whole.fit(x, y)
    seen: list[int] = []
    parts.fit(x, y, callback=lambda status: seen.append(status.epoch))
    assert seen == [1, 2, 3, 4]
    for name, value in whole.weights.items():
        np.testing.assert_array_equal(parts.weights[name], value)
    whole.save(tmp_path / "m.dslm")
    again = dslc.load(tmp_path / "m.dslm")
    again.fit(x, y, epochs=2)
    assert zeros(again) == zeros(whole)
