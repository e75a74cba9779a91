"""Looking inside: any tensor of the net by its name, and gradients down to the inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import DataError

from .small import TEXT, VALUES, fitted, rows

NAMED = """
layer twice(x, units) { inner = x | dense(units); unused = x * 3; inner | relu | dense(units) }
data { input x: [5]; target y: class(3); scale zscore }
net {
  shared = dense(4) | tanh
  h = x | dense(5) | dropout(50%)
  z = h + 2 * x
  same = z
  shared(z) + shared(h) | twice(6) | dense(outputs)
}
loss cross_entropy + 1e-3 * l2(weights)
train { adam(1e-2); batch 16; epochs 2; seed 3 }
"""


@pytest.fixture(scope="module")
def model() -> dslc.Model:
    return fitted(NAMED)


def test_named_tensors_and_layers_by_their_path(model: dslc.Model) -> None:
    x, w = rows(40, seed=8)[0], model.weights
    found = model.forward(x, at=["h", "z", "same", "twice", "twice.inner", "dense", "prediction", "probability"])
    scaled = model._read(x).inputs["x"]
    h = scaled @ w["h.dense.w"] + w["h.dense.b"]
    np.testing.assert_allclose(found["h"], h, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["z"], h + 2 * scaled, rtol=1e-5, atol=1e-5)
    assert np.array_equal(found["same"], found["z"])
    assert np.array_equal(model.forward(x, at=["x"])["x"], scaled.astype(np.float32))
    inner = np.maximum(found["twice.inner"], 0)
    np.testing.assert_allclose(found["twice"], inner @ w["twice.dense.w"] + w["twice.dense.b"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["dense"], found["twice"] @ w["dense.w"] + w["dense.b"], rtol=1e-4, atol=1e-5)
    assert np.array_equal(found["dense"], found["prediction"])
    np.testing.assert_allclose(found["prediction"], model.forward(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["probability"], model.predict_proba(x), rtol=1e-5, atol=1e-6)


def test_names_come_back_in_the_order_asked_for_and_follow_the_weights(model: dslc.Model) -> None:
    x = rows(3)[0]
    first = model.forward(x, at=("z", "h", "z"))
    assert list(first) == ["z", "h"]
    before = model.weights
    model.set_weights({"h.dense.w": before["h.dense.w"] + 1})
    assert not np.array_equal(model.forward(x, at=["z", "h"])["z"], first["z"])
    model.set_weights(before)
    assert model.forward(x, at=[]) == {}


def test_a_table_too() -> None:
    model = dslc.compile(Path(__file__).resolve().parents[2] / "models" / "penguins.dsl")
    x = model.compilation.raw.table.take(np.arange(3))
    given = {name: [c.labels[int(v)] if c.labels else v for v in c.values] for name, c in x.columns.items()}
    assert model.forward(given, at=["relu"])["relu"].shape == (3, 64)


def test_an_unknown_name_is_an_error_that_suggests_one(model: dslc.Model) -> None:
    with pytest.raises(DataError, match=r"^there is no tensor `twise`; did you mean `twice`\?$"):
        model.forward(rows(2)[0], at=["z", "twise"])
    with pytest.raises(DataError, match=r"^there is no tensor `qqqqq`; there are .*`z`"):
        model.forward(rows(2)[0], at=["qqqqq"])
    with pytest.raises(TypeError, match=r"at=\['z'\]"):
        model.forward(rows(2)[0], at="z")
    with pytest.raises(TypeError, match=r"`at` is a list of names, and 1 is none"):
        model.forward(rows(2)[0], at=[1])


@pytest.mark.parametrize("text", [TEXT.replace("dropout(20%)", "prelu"), VALUES, NAMED.replace("dropout(50%)", "tanh")])
@pytest.mark.parametrize("count", [7, 40])
def test_gradients_of_inputs_equal_central_differences(text: str, count: int) -> None:
    """With respect to the inputs as the net reads them: scaled. More rows than a batch too."""
    model = fitted(text, dtype="float64", backend="reference")
    x, y = rows(count, seed=2)
    target = y if "class" in text else x[:, :2]
    gradient = model.gradients(x, target, inputs=True)["inputs.x"]
    assert gradient.shape == x.shape and gradient.dtype == np.float64
    deviation = model._fitted().inputs["x"].spread
    step = 1e-5
    for row, column in [(0, 0), (3, 4), (count - 1, 2)]:
        moved = [x.copy(), x.copy()]
        moved[0][row, column] += step * deviation[column]
        moved[1][row, column] -= step * deviation[column]
        slope = (model.loss(moved[0], target) - model.loss(moved[1], target)) / (2 * step)
        assert gradient[row, column] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_gradients_of_weights_do_not_depend_on_asking_for_those_of_inputs(model: dslc.Model) -> None:
    x, y = rows(20)
    alone, both = model.gradients(x, y), model.gradients(x, y, inputs=True)
    assert set(both) - set(alone) == {"inputs.x"}
    for name, value in alone.items():
        np.testing.assert_allclose(both[name], value, rtol=1e-5, atol=1e-7)


def test_an_input_that_the_net_does_not_read_has_gradient_zero() -> None:
    text = TEXT.replace("input x: [5];", "input x: [5]; input other: [2, 3];")
    model = dslc.compile(text=text)
    x, y = rows(6)
    gradient = model.gradients({"x": x, "other": np.ones((6, 2, 3))}, y, inputs=True)
    assert np.array_equal(gradient["inputs.other"], np.zeros((6, 2, 3)))
    assert gradient["inputs.x"].any()
