"""What batch normalisation keeps: running moments, which training moves and prediction uses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc

TEXT = """
let kept = 0.8
data { input x: [2, 3]; target y: class(2) }
net { x | batchnorm(kept) | flatten | dense(outputs) }
loss cross_entropy
train { sgd(0.1); batch 8; epochs 1; seed 1; shuffle false; watch accuracy }
"""
MEAN, VARIANCE = "batchnorm.running_mean", "batchnorm.running_variance"


def data(rows: int = 20) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(2).normal([1.0, -2.0, 0.5], [1.0, 2.0, 0.1], (rows, 2, 3))
    return x, (x[:, 0, 0] > 1).astype(int)


def moments(x: np.ndarray, kept: float, passes: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """As batches of 8 move them, the last one a part of one."""
    mean, variance = np.zeros(3), np.ones(3)
    for _ in range(passes):
        for first in range(0, len(x), 8):
            batch = x[first : first + 8].reshape(-1, 3)
            mean = kept * mean + (1 - kept) * batch.mean(0)
            variance = kept * variance + (1 - kept) * batch.var(0)
    return mean, variance


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_training_moves_them_batch_by_batch(backend: str) -> None:
    model = dslc.compile(text=TEXT, backend=backend, dtype="float64")
    x, y = data()
    model.fit(x, y)
    mean, variance = moments(x, 0.8)
    np.testing.assert_allclose(model.weights[MEAN], mean, rtol=1e-12)
    np.testing.assert_allclose(model.weights[VARIANCE], variance, rtol=1e-12)
    model.session.set_setting("kept", 0.5)
    model.fit(x, y)
    for first in range(0, len(x), 8):
        mean = 0.5 * mean + 0.5 * x[first : first + 8].reshape(-1, 3).mean(0)
    np.testing.assert_allclose(model.weights[MEAN], mean, rtol=1e-12)


def test_prediction_uses_them_and_leaves_them() -> None:
    model = dslc.compile(text=TEXT, dtype="float64")
    x, y = data()
    model.fit(x, y)
    weights = model.weights
    centred = (x - weights[MEAN]) / np.sqrt(weights[VARIANCE] + 1e-5)
    expected = weights["batchnorm.scale"] * centred + weights["batchnorm.offset"]
    for rows in (slice(None), slice(0, 1), slice(3, 5)):  # of one row, too: it knows of no other
        np.testing.assert_allclose(model.forward(x[rows], at=["batchnorm"])["batchnorm"], expected[rows], rtol=1e-9)
    model.evaluate(x, y)
    model.predict(x)
    model.gradients(x, y)
    assert all(np.array_equal(model.weights[name], weight) for name, weight in weights.items())


def test_they_have_no_gradient_and_no_state_of_the_optimizer() -> None:
    model = dslc.compile(text=TEXT.replace("sgd(0.1)", "adam"))
    assert set(model.gradients(*data())) == {"batchnorm.scale", "batchnorm.offset", "dense.w", "dense.b"}
    assert {state.name.split(".", 1)[1] for state in model.experiment.states} == set(model.gradients(*data()))
    assert not model.experiment.warnings


def test_they_are_saved_and_training_goes_on(tmp_path: Path) -> None:
    x, y = data()
    model = dslc.compile(text=TEXT)
    model.fit(x, y)
    model.save(tmp_path / "m.dslm")
    loaded = dslc.load(tmp_path / "m.dslm")
    assert np.array_equal(loaded.forward(x), model.forward(x))
    for each in (model, loaded):
        each.fit(x, y)
    assert all(np.array_equal(loaded.weights[name], weight) for name, weight in model.weights.items())


def test_the_best_epoch_has_its_own() -> None:
    """`keep best` restores weights and moments of one epoch together."""
    text = TEXT.replace("epochs 1", "epochs 6").replace("watch accuracy", "keep best val.loss")
    x, y = data(60)
    model = dslc.compile(text=text.replace("sgd(0.1)", "sgd(30)"), dtype="float64")
    history = model.fit(x[:40], y[:40], validation=(x[40:], y[40:]))
    assert history.best_epoch is not None and history.best_epoch < 6
    mean, variance = moments(x[:40], 0.8, history.best_epoch)
    np.testing.assert_allclose(model.weights[MEAN], mean, rtol=1e-9)
    np.testing.assert_allclose(model.weights[VARIANCE], variance, rtol=1e-9)


def test_a_shared_layer_moves_them_at_each_use() -> None:
    text = TEXT.replace("x | batchnorm(kept) | flatten", "norm = batchnorm(kept)\n norm(x) + norm(x) | flatten")
    model = dslc.compile(text=text, dtype="float64")
    x, y = data(8)
    model.fit(x, y)
    once = 0.2 * x.reshape(-1, 3).mean(0)
    np.testing.assert_allclose(model.weights["norm.batchnorm.running_mean"], 0.8 * once + once, rtol=1e-12)


def test_states_of_a_users_own_layer() -> None:
    """A count of batches, which prediction reads."""
    layer = "layer counted(x) { state batches = 0;  batches <- batches + 1;  x + 0 * batches }\n"
    text = layer + TEXT.replace("batchnorm(kept)", "counted").replace("let kept = 0.8", "")
    model = dslc.compile(text=text)
    x, y = data()
    model.fit(x, y)
    assert model.weights["counted.batches"] == 3
