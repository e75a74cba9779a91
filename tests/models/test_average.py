"""`average`: the moving average of weights predicts, and training goes on with the weights themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc


def model_of(train: str, backend: str = "cpu", dtype: str = "float64", net: str = "dense(6) | tanh") -> dslc.Model:
    text = f"""let decay = 0.9
data {{ input x: [4]; target y: class(3) }}
net {{ x | {net} | dense(outputs) }}
loss cross_entropy
train {{ batch 8; seed 3; shuffle false; {train} }}"""
    return dslc.compile(text=text, backend=backend, dtype=dtype)


def data(rows: int = 24) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(0, 3, (rows, 4))
    return x, np.argmax(x[:, :3], 1)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_it_is_the_formula_after_every_update(backend: str) -> None:
    model, plain = model_of("sgd(0.3); epochs 1; average decay", backend), model_of("sgd(0.3); epochs 1", backend)
    x, y = data()
    expected = model.weights
    for n in range(1, 13):
        rows = slice(8 * ((n - 1) % 3), 8 * ((n - 1) % 3) + 8)
        plain.fit(x[rows], y[rows], epochs=1)
        d = min(0.9, (1 + n) / (10 + n))
        for name, value in plain.weights.items():
            average = expected["average." + name]
            expected["average." + name] = d * average + (1 - d) * value
            expected[name] = value
    model.fit(x, y, epochs=4)
    for name, value in model.weights.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-10, atol=1e-14)


def test_it_predicts_and_is_validated() -> None:
    model = model_of("sgd(0.3); epochs 3; average 0.9")
    x, y = data()
    history = model.fit(x, y, validation=(x, y))
    weights = model.weights
    hidden = np.tanh(x @ weights["average.dense.w"] + weights["average.dense.b"])
    logits = hidden @ weights["average.dense_2.w"] + weights["average.dense_2.b"]
    np.testing.assert_allclose(model.forward(x), logits, rtol=1e-10)
    np.testing.assert_allclose(model.evaluate(x, y)["loss"], history["val.loss"][-1], rtol=1e-12)
    plain = model_of("sgd(0.3); epochs 3")
    plain.fit(x, y)
    assert plain.evaluate(x, y)["loss"] != pytest.approx(history["val.loss"][-1], rel=1e-3)


def test_weights_that_are_set_are_their_own_average() -> None:
    model = model_of("sgd(0.3); epochs 3; average 0.9")
    x, y = data()
    model.fit(x, y)
    given = np.arange(18.0).reshape(6, 3)
    model.set_weights({"dense_2.w": given})
    np.testing.assert_array_equal(model.weights["average.dense_2.w"], given)
    model.set_weights({"dense_2.w": given, "average.dense_2.w": 2 * given})
    np.testing.assert_array_equal(model.weights["average.dense_2.w"], 2 * given)


def test_the_average_counts_as_no_parameter_and_0_is_none() -> None:
    averaged, plain = model_of("sgd(0.3); average 0.9"), model_of("sgd(0.3); average 0")
    assert averaged.plan.parameters == plain.plan.parameters
    assert not any(name.startswith("average.") for name in plain.weights)


def test_large_weights_keep_their_average_in_panels(tmp_path: Path) -> None:
    net = "dense(256) | tanh | dense(288) | tanh"
    model = model_of("adam(1e-3); epochs 2; average 0.5", dtype="float32", net=net)
    exact = model_of("adam(1e-3); epochs 2; average 0.5", dtype="float32", net=net, backend="reference")
    x, y = data()
    model.fit(x, y)
    exact.fit(x, y)
    for name, value in model.weights.items():
        np.testing.assert_allclose(value, exact.weights[name], atol=2e-5)
    model.save(tmp_path / "m.dslm")
    np.testing.assert_array_equal(dslc.load(tmp_path / "m.dslm").forward(x), model.forward(x))
