"""Which weights an update changes, and by how much: groups, freezing and clipping, against the formulas in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

import dslc

BACKENDS = ("cpu", "reference")
NET = "net { body = x | dense(6) | tanh;  body | dense(outputs) }"


def model_of(train: str, net: str = NET, backend: str = "cpu", dtype: str = "float64") -> dslc.Model:
    text = f"data {{ input x: [4]; target y: class(3) }}\n{net}\nloss cross_entropy\ntrain {{ {train}; seed 3 }}"
    return dslc.compile(text=text, backend=backend, dtype=dtype)


def data(rows: int = 24) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(0, 3, (rows, 4))
    return x, np.argmax(x[:, :3], 1)


def norm(gradients: Mapping[str, np.ndarray]) -> float:
    return float(np.sqrt(sum((g**2).sum() for g in gradients.values())))


def clipped(gradients: Mapping[str, np.ndarray], form: str, limit: float) -> dict[str, np.ndarray]:
    match form:
        case "value":
            return {name: np.clip(g, -limit, limit) for name, g in gradients.items()}
        case "norm each":
            return {name: g * min(1, limit / norm({name: g})) for name, g in gradients.items()}
        case _:
            return {name: g * min(1, limit / norm(gradients)) for name, g in gradients.items()}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("limit", [0.05, 0.3, 1e6])
@pytest.mark.parametrize("form", ["norm", "norm each", "value"])
def test_a_clipped_step_is_the_formula(form: str, limit: float, backend: str) -> None:
    statement = f"clip norm {limit} each" if form == "norm each" else f"clip {form} {limit}"
    model = model_of(f"gradient_descent(0.5); epochs 1; {statement}", backend=backend)
    x, y = data()
    before, gradients = model.weights, model.gradients(x, y)
    model.fit(x, y)
    for name, g in clipped(gradients, form, limit).items():
        np.testing.assert_allclose(model.weights[name], before[name] - 0.5 * g, rtol=1e-10, atol=1e-14)


def test_a_limit_may_be_a_let_that_changes_without_compiling() -> None:
    x, y = data()
    found = []
    for limit in (0.1, 0.2):
        text = f"let limit = {limit}\n" + "data { input x: [4]; target y: class(3) }\n" + NET
        text += "\nloss cross_entropy\ntrain { gradient_descent(1); epochs 1; seed 3; clip norm limit }"
        model = dslc.compile(text=text, dtype="float64")
        before = model.weights
        model.fit(x, y)
        found.append(norm({name: value - before[name] for name, value in model.weights.items()}))
        setting = model.compilation.experiment.settings[0]
        assert not setting.structural
    np.testing.assert_allclose(found, [0.1, 0.2], rtol=1e-10)


def test_a_gradient_of_zero_stays_zero() -> None:
    model = model_of("sgd(0.1); batch 8; epochs 2; clip norm 1")
    model.set_weights({"dense.w": np.zeros((6, 3))})
    model.fit(np.zeros((8, 4)), np.zeros(8, int))
    assert all(np.isfinite(value).all() for value in model.weights.values())
    np.testing.assert_array_equal(model.weights["body.dense.w"], model_of("sgd").weights["body.dense.w"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_frozen_weights_stay_to_the_bit_and_have_no_part_in_the_norm(backend: str) -> None:
    model = model_of("gradient_descent(0.5); epochs 1; freeze body; clip norm 0.05", backend=backend)
    x, y = data()
    before, gradients = model.weights, model.gradients(x, y)
    model.fit(x, y)
    head = {name: g for name, g in gradients.items() if not name.startswith("body")}
    assert norm(head) > 0.05
    for name, value in model.weights.items():
        g = clipped(head, "norm", 0.05).get(name)
        expected = before[name] if g is None else before[name] - 0.5 * g
        np.testing.assert_allclose(value, expected, rtol=0 if g is None else 1e-10)
    assert not any("body" in name for name in model.session.states)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_unfrozen_group_trains_as_if_training_began(backend: str) -> None:
    """Adam's first step is the rate in every direction, whatever the count of the others' updates."""
    x, y = data()
    model = model_of("adam(1e-3); batch 24; epochs 7; freeze body; unfreeze body after 7 epochs", backend=backend)
    before = model.weights
    model.fit(x, y)
    np.testing.assert_array_equal(model.weights["body.dense.w"], before["body.dense.w"])
    assert (model.weights["dense.w"] != before["dense.w"]).all()
    at_seven = model.weights
    model.fit(x, y, epochs=1)
    moved = np.abs(model.weights["body.dense.w"] - at_seven["body.dense.w"])
    np.testing.assert_allclose(moved, 1e-3, rtol=1e-4)
    assert (np.abs(model.weights["dense.w"] - at_seven["dense.w"]) < 0.999e-3).any()


def test_frozen_weights_have_no_part_in_the_norm_until_they_move() -> None:
    x, y = data()
    model = model_of("gradient_descent(0.5); epochs 1; unfreeze body after 1 epoch; clip norm 0.05")
    before = model.weights
    model.fit(x, y)
    head = {name: model.weights[name] - before[name] for name in ("dense.w", "dense.b")}
    np.testing.assert_allclose(norm(head), 0.5 * 0.05, rtol=1e-10)
    before = model.weights
    model.fit(x, y)
    every = {name: value - before[name] for name, value in model.weights.items()}
    np.testing.assert_allclose(norm(every), 0.5 * 0.05, rtol=1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_group_has_its_optimizer_and_the_longest_path_wins(backend: str) -> None:
    net = "net { body = x | dense(6) | tanh | dense(5) | tanh;  body | dense(outputs) }"
    train = "gradient_descent(0.5); gradient_descent(0.1) on body; gradient_descent(0.01) on `body.dense_2`; epochs 1"
    model = model_of(train, net, backend)
    x, y = data()
    before, gradients = model.weights, model.gradients(x, y)
    model.fit(x, y)
    rates = {"dense": 0.5, "body.dense": 0.1, "body.dense_2": 0.01}
    for name, g in gradients.items():
        rate = rates[name.rpartition(".")[0]]
        np.testing.assert_allclose(model.weights[name], before[name] - rate * g, rtol=1e-10, atol=1e-14)


def test_within_a_frozen_group_a_layer_may_be_unfrozen() -> None:
    net = "net { body = x | dense(6) | tanh | dense(5) | tanh;  body | dense(outputs) }"
    model = model_of("sgd(0.1); batch 8; epochs 2; freeze body; unfreeze `body.dense_2` after 1 epoch", net)
    x, y = data()
    before = model.weights
    model.fit(x, y)
    moved = {name for name, value in model.weights.items() if (value != before[name]).any()}
    assert moved == {"dense.w", "dense.b", "body.dense_2.w", "body.dense_2.b"}


def test_a_shared_layer_is_a_group() -> None:
    net = "net { encode = dense(6) | tanh;  encode(x) + encode(2 * x) | dense(outputs) }"
    model = model_of("sgd(0.1); batch 8; epochs 1; freeze encode", net)
    x, y = data()
    before = model.weights
    model.fit(x, y)
    np.testing.assert_array_equal(model.weights["encode.dense.w"], before["encode.dense.w"])
    assert (model.weights["dense.w"] != before["dense.w"]).any()


def test_a_saved_model_goes_on_counting(tmp_path: Path) -> None:
    x, y = data()
    train = "adam(1e-3); batch 8; epochs 2; unfreeze body after 1 epoch; clip norm 1"
    whole, half = model_of(train), model_of(train)
    whole.fit(x, y, epochs=2)
    whole.fit(x, y, epochs=2)
    half.fit(x, y, epochs=2)
    half.save(tmp_path / "half.dslm")
    again = dslc.load(tmp_path / "half.dslm")
    again.fit(x, y, epochs=2)
    for name, value in whole.weights.items():
        np.testing.assert_array_equal(again.weights[name], value)


@pytest.mark.parametrize("threads", [1, 2])
def test_large_weights_are_clipped_alike(threads: int) -> None:
    """Those that are kept in panels: their gradient's norm is that of the whole gradient."""
    net = "net { body = x | dense(256) | tanh | dense(288) | tanh;  body | dense(outputs) }"
    train = "gradient_descent(0.5); epochs 1; clip norm 0.01; unfreeze `body.dense_2` after 1 epoch"
    text = f"data {{ input x: [4]; target y: class(3) }}\n{net}\nloss cross_entropy\ntrain {{ {train}; seed 3 }}"
    model = dslc.compile(text=text, threads=threads)
    x, y = data()
    before = model.weights
    model.fit(x, y, epochs=1)
    first = model.weights
    np.testing.assert_array_equal(first["body.dense_2.w"], before["body.dense_2.w"])
    model.fit(x, y, epochs=1)
    every = {name: value.astype(float) - first[name] for name, value in model.weights.items()}
    np.testing.assert_allclose(norm(every), 0.5 * 0.01, rtol=1e-4)
