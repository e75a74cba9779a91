"""Training health: what the history says of gradients and of units that are 0 for every row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import to_text
from dslc.runtime.health import health_notes

BACKENDS = ("cpu", "reference")


def model_of(
    net: str, train: str = "sgd(0.05); batch 8; epochs 3", backend: str = "cpu", size: str = "[4]"
) -> dslc.Model:
    text = f"""data {{ input x: {size}; target y: class(3) }}
net {{ {net} | dense(outputs) }}
loss cross_entropy
train {{ {train}; seed 3; shuffle false; watch accuracy }}"""
    return dslc.compile(text=text, backend=backend, dtype="float64")


def data(rows: int = 20, shape: tuple[int, ...] = (4,)) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(0, 2, (rows, *shape))
    return x, np.argmax(x.reshape(rows, -1)[:, :3], 1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_norms_are_those_of_the_epochs_first_batch_at_its_last_weights(backend: str) -> None:
    net = "body = x | dense(6) | tanh | dense(5) | tanh;  body"
    model = model_of(net, "sgd(0.05); batch 2; epochs 3", backend=backend)
    x, y = data()
    history = model.fit(x, y)
    gradients = model.gradients(x[:2], y[:2])
    for layer in ("body.dense", "body.dense_2", "dense"):
        norm = np.sqrt(sum((g**2).sum() for name, g in gradients.items() if name.rpartition(".")[0] == layer))
        assert history[f"gradient.{layer}"][-1] == pytest.approx(norm, rel=1e-10)
        assert len(history[f"gradient.{layer}"]) == 3


def test_in_short_epochs_the_last_norms_stand_until_eight_updates_were_made() -> None:
    """They take as long as an update: three batches an epoch are not held up by a fourth."""
    model = model_of("x | dense(6) | tanh", "sgd(0.05); batch 8; epochs 9")
    found = model.fit(*data())["gradient.dense"]
    assert found == [found[0]] * 3 + [found[3]] * 3 + [found[6]] * 3
    assert len({found[0], found[3], found[6]}) == 3


def test_frozen_layers_have_no_norm() -> None:
    model = model_of("body = x | dense(6) | tanh;  body", "sgd(0.05); batch 8; epochs 1; freeze body")
    history = model.fit(*data())
    assert [name for name in history.epochs[0] if name.startswith("gradient.")] == ["gradient.dense"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_unit_is_dead_that_is_0_for_every_row(backend: str) -> None:
    model = model_of("x | dense(10) | relu", backend=backend)
    x, y = data()
    bias = np.where(np.arange(10) < 3, -1e3, 0)
    model.set_weights({"dense.b": bias})
    history = model.fit(x, y, validation=(x, y), epochs=2)
    hidden = np.maximum(model.weights["dense.w"].T @ x.T + model.weights["dense.b"][:, None], 0)
    assert history["val.dead.relu"][-1] == pytest.approx((hidden == 0).all(1).mean())
    assert history["val.dead.relu"][0] >= 0.3


def test_of_an_image_a_unit_is_a_channel() -> None:
    model = model_of("x | conv(4, 3x3) | relu | flatten", size="[5, 5, 2]")
    x, y = data(shape=(5, 5, 2))
    model.set_weights({"conv.b": np.asarray([-1e3, 0, 0, -1e3])})
    history = model.fit(x, y, validation=(x, y), epochs=1)
    assert history["val.dead.relu"] == [0.5]


@pytest.mark.parametrize(
    ("activation", "dies"),
    {"relu": True, "relu6": True, "hard_swish": True, "gelu": True, "tanh": False, "leaky_relu": False, "silu": False,
     "softplus": False, "softmax": False, "elu": False}.items(),
)  # fmt: skip
def test_what_can_die_is_asked_of_the_formula(activation: str, dies: bool) -> None:
    model = model_of(f"x | dense(6) | {activation}")
    x, y = data()
    history = model.fit(x, y, validation=(x, y), epochs=1)
    assert (f"val.dead.{activation}" in history.epochs[0]) == dies


def test_activations_of_a_file_and_within_layers_are_known_by_their_path() -> None:
    text = """activation cut(x) = where(x > 1, x, 0) + 0 * relu(x)
layer block(x: [c], units: count) = x | dense(units) | cut
data { input x: [4]; target y: class(3) }
net { hidden = x | block(6);  hidden | block(5) | dense(outputs) }
loss cross_entropy"""
    model = dslc.compile(text=text)
    x, y = data()
    history = model.fit(x, y, validation=(x, y), epochs=1)
    dead = [name for name in history.epochs[0] if "dead" in name]
    assert dead == ["val.dead.hidden.block.cut", "val.dead.block.cut"]


def test_metrics_are_without_them_and_no_validation_rows_no_shares() -> None:
    model = model_of("x | dense(6) | relu")
    x, y = data()
    history = model.fit(x, y)
    assert set(history.epochs[0]) == {"train.loss", "gradient.dense", "gradient.dense_2"}
    assert set(model.evaluate(x, y)) == {"loss", "accuracy"}


@pytest.mark.parametrize("batch", ["all", "5"])
def test_training_goes_the_same_way_as_without(batch: str) -> None:
    """The weights are those of plain updates: measuring changes nothing."""
    x, y = data()
    model = model_of("x | dense(6) | relu", f"sgd(0.05); batch {batch}; epochs 4")
    other = model_of("x | dense(6) | relu", f"sgd(0.05); batch {batch}; epochs 1")
    model.fit(x, y)
    for _ in range(4):
        other.fit(x, y)
    for name, value in model.weights.items():
        np.testing.assert_array_equal(other.weights[name], value)


def test_more_than_half_dead_is_told(golden: Callable[[Path, str], None]) -> None:
    model = model_of("x | dense(10) | relu | dense(8) | relu")
    model.set_weights({"dense.b": np.where(np.arange(10) < 7, -1e3, 1e3), "dense_2.b": np.full(8, 1e4)})
    x, y = data()
    history = model.fit(x, y, validation=(x, y), epochs=1)
    golden(Path(__file__).parent / "dead_units.expected", to_text(list(health_notes(model.experiment, history))))
