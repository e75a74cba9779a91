"""`reconstruct image`: the prepared input is its own target, whichever way the rows come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dslc
from dslc.diagnostics import DataError, ModelError

MODELS = Path(__file__).resolve().parents[2] / "models"
Reals = npt.NDArray[np.float64]

SQUEEZED = """
data { input x: [6]; reconstruct x; scale zscore }
net { x | dense(3) | tanh | dense(outputs) }
loss squared_error
train { adam(1e-2); batch 16; epochs 60; seed 3; watch mae }
"""
"""Six numbers through three; `LOSS` and `NET` replace parts of it."""


def rows(count: int = 120) -> Reals:
    """Six numbers that three determine, in different units."""
    draw = np.random.default_rng(7)
    return draw.normal(size=(count, 3)) @ draw.normal(size=(3, 6)) * np.arange(1, 7) + 10


def sigmoid(x: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-x)))


def test_rows_of_python_are_their_own_targets(tmp_path: Path) -> None:
    x = rows()
    model = dslc.compile(text=SQUEEZED)
    history = model.fit(x, validation=(x[:30], None))
    assert {"val.loss", "val.mae"} <= set(history.epochs[-1])
    decided, scaled = model.predict(x), (x - x.mean(0)) / x.std(0)
    assert isinstance(decided, np.ndarray) and decided.shape == x.shape
    assert np.mean((decided - x) ** 2) < 0.2 * np.mean((x - x.mean(0)) ** 2)
    raw = model.forward(x)
    found = model.evaluate(x)
    assert found["loss"] == pytest.approx(np.mean((raw - scaled) ** 2), rel=1e-4)
    assert found["mae"] == pytest.approx(np.mean(np.abs(raw - scaled)), rel=1e-4)
    model.save(tmp_path / "again.dslm")
    again = dslc.load(tmp_path / "again.dslm")
    assert np.array_equal(np.asarray(again.predict(x)), decided)
    assert again.evaluate(x)["loss"] == pytest.approx(found["loss"])
    with pytest.raises(DataError, match="no target but its own inputs"):
        model.fit(x, x)


@pytest.mark.parametrize(
    ("net", "loss"),
    [
        ("predict x = x | dense(3) | tanh | dense(outputs)", "squared_error(x)"),
        ("x | dense(3) | tanh | dense(outputs)", "squared_error(x)"),
        ("code = x | dense(3) | tanh; predict x = code | dense(outputs)", "squared_error"),
        ("code = x | dense(3) | tanh; predict x = code | dense(outputs)", "mean((x - target)^2)"),
    ],
)
def test_the_inputs_name_is_the_input_in_the_net_and_its_prediction_in_the_loss(net: str, loss: str) -> None:
    text = SQUEEZED.replace("x | dense(3) | tanh | dense(outputs)", net).replace("squared_error", loss)
    x = rows(20)
    plain, told = (dslc.compile(text=each, dtype="float64", backend="reference") for each in (SQUEEZED, text))
    told.set_weights(dict(zip(told.weights, plain.weights.values(), strict=True)))
    assert told.loss(x) == pytest.approx(plain.loss(x), rel=1e-12)


def test_numbers_from_0_to_1_are_shares_to_a_loss_of_two_classes() -> None:
    """Its prediction is what the link makes of the net's output, in the metrics and in what is predicted."""
    x = rows()
    text = SQUEEZED.replace("zscore", "minmax 0..1").replace("squared_error", "binary_cross_entropy")
    model = dslc.compile(text=text)
    model.fit(x)
    low, high = x.min(0), x.max(0)
    p, target = sigmoid(np.asarray(model.forward(x), np.float64)), (x - low) / (high - low)
    found = model.evaluate(x)
    assert found["loss"] == pytest.approx(-np.mean(target * np.log(p) + (1 - target) * np.log1p(-p)), rel=1e-4)
    assert found["mae"] == pytest.approx(np.mean(np.abs(p - target)), rel=1e-4)
    np.testing.assert_allclose(np.asarray(model.predict(x)), low + p * (high - low), rtol=1e-4, atol=1e-4)


def test_what_a_loss_does_not_take_for_shares_is_told() -> None:
    text = SQUEEZED.replace("squared_error", "binary_cross_entropy")
    with pytest.raises(ModelError, match=r"from 0 to 1, and those of `x` go from -\d"):
        dslc.compile(text=text).fit(rows())
    with pytest.raises(ModelError, match="`hinge` takes classes, and the target `x` has values"):
        dslc.compile(text=SQUEEZED.replace("squared_error", "hinge"))


def test_class_ids_are_reconstructed_as_classes(tmp_path: Path) -> None:
    text = """
    data { input token: class(5); reconstruct token }
    net { token | embed(4) | dense(outputs) }
    loss cross_entropy
    train { adam(3e-2); batch 16; epochs 30; seed 3; watch accuracy }
    """
    ids = np.arange(100) % 5
    model = dslc.compile(text=text)
    model.fit(ids)
    assert model.evaluate(ids)["accuracy"] == 1
    assert np.array_equal(np.asarray(model.predict(ids)), ids)
    model.save(tmp_path / "ids.dslm")
    assert np.array_equal(np.asarray(dslc.load(tmp_path / "ids.dslm").predict(ids)), ids)


def test_the_variational_loss_is_the_closed_form() -> None:
    """Kingma & Welling 2014, appendix B: the divergence of N(mu, exp(log_var)) from N(0, 1), added to the error.

    Outside of training the code is its mean, so that NumPy sees the same one.
    """
    model = dslc.compile(MODELS / "vae.dsl", dtype="float64")
    model.fit(epochs=2)
    with np.load(MODELS / "data" / "digits.npz") as digits:
        image = digits["x"].reshape(-1, 8, 8, 1).astype(np.float64)
    at = model.forward(image, at=["image", "mu", "log_var", "z", "prediction"])
    assert np.array_equal(at["z"], at["mu"])
    p, target = sigmoid(at["prediction"]), at["image"]
    error = -np.sum(target * np.log(p) + (1 - target) * np.log1p(-p), axis=(1, 2, 3))
    divergence = -0.5 * np.sum(1 + at["log_var"] - at["mu"] ** 2 - np.exp(at["log_var"]), axis=1)
    assert divergence.mean() > 1
    assert model.evaluate(image)["loss"] == pytest.approx(np.mean(error + divergence), rel=1e-9)


def test_the_variational_autoencoder_draws_better_than_the_mean_image() -> None:
    model = dslc.compile(MODELS / "vae.dsl")
    model.fit()
    data = model.dataset
    image = np.asarray(data.inputs["image"], np.float64)
    drawn = np.asarray(model.session.predict(model.rows, data.test)["decision.image"], np.float64)
    mean = image[data.train].mean(0)
    errors = [np.mean((each - image[data.test]) ** 2) for each in (drawn.reshape(-1, 8, 8, 1), mean)]
    assert errors[0] < 0.55 * errors[1]
