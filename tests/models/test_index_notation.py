"""Index notation in a file's own layers: windows with any stride, dilation and padding, and what else it can say."""

from __future__ import annotations

import numpy as np
import pytest

import dslc
from dslc.model import Model

CONV = """
layer convolve(x: [h, w, c], filters: count, size = 3x3, stride: count = 1, dilation: count = 1, pad = 0) {{
  weight k: [size[0], size[1], c, filters] = normal(0, 0.3)
  rows = (h + 2 * pad - dilation * (size[0] - 1) - 1) // stride + 1
  cols = (w + 2 * pad - dilation * (size[1] - 1) - 1) // stride + 1
  y[i: rows, j: cols, f] = sum(
    (x[i * stride + u * dilation - pad, j * stride + v * dilation - pad, ch] or 0) * k[u, v, ch, f] over u, v, ch)
  y
}}
data {{ input x: [{h}, {w}, {c}]; target y: class(3) }}
net {{
  x | convolve({filters}, size = {a}x{b}, stride = {stride}, dilation = {dilation}, pad = {pad}) | tanh | flatten
    | dense(outputs)
}}
loss cross_entropy
train {{ adam(1e-2); batch 4; epochs 1; seed 1 }}
"""


def case(seed: int) -> tuple[str, dict[str, int]]:
    draw = np.random.default_rng(seed)
    names = ("h", "w", "c", "filters", "a", "b", "stride", "dilation", "pad")
    while True:
        values = dict(
            zip(names, draw.integers([3, 3, 1, 1, 1, 1, 1, 1, 0], [9, 9, 4, 5, 5, 5, 4, 3, 3]).tolist(), strict=True)
        )
        room = [values[n] + 2 * values["pad"] - values["dilation"] * (values[s] - 1) for n, s in ("ha", "wb")]
        if min(room) >= 1:
            return CONV.format(**values), values


def convolved(x: np.ndarray, k: np.ndarray, stride: int, dilation: int, pad: int) -> np.ndarray:
    """A place, a tap and a channel at a time."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    size = [(n - dilation * (m - 1) - 1) // stride + 1 for n, m in zip(x.shape[1:3], k.shape[:2], strict=True)]
    found = np.zeros((len(x), *size, k.shape[3]))
    for i, j in np.ndindex(*size):
        for u, v in np.ndindex(*k.shape[:2]):
            found[:, i, j] += x[:, i * stride + u * dilation, j * stride + v * dilation] @ k[u, v]
    return found


def pair(text: str) -> tuple[Model, Model]:
    cpu, reference = dslc.compile(text=text), dslc.compile(text=text, backend="reference", dtype="float64")
    reference.set_weights(cpu.weights)
    return cpu, reference


@pytest.mark.parametrize("seed", range(24))
def test_a_convolution_is_what_its_loops_are(seed: int) -> None:
    text, of = case(seed)
    cpu, reference = pair(text)
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(4, of["h"], of["w"], of["c"])), draw.integers(0, 3, 4)
    expected = convolved(x, reference.weights["convolve.k"], of["stride"], of["dilation"], of["pad"])
    np.testing.assert_allclose(reference.forward(x, at=["convolve"])["convolve"], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cpu.forward(x, at=["convolve"])["convolve"], expected, rtol=0, atol=1e-5)
    meant, found = reference.gradients(x, y, inputs=True), cpu.gradients(x, y, inputs=True)
    for name, gradient in meant.items():
        assert np.abs(found[name] - gradient).max() <= 1e-5 * max(np.abs(gradient).max(), 1e-3), name
    for _ in range(3):  # against central differences
        place = tuple(draw.integers(0, n) for n in meant["convolve.k"].shape)
        assert slope(reference, "convolve.k", place, x, y) == pytest.approx(
            meant["convolve.k"][place], rel=1e-6, abs=1e-9
        )


def slope(model: Model, name: str, place: tuple[int, ...], x: np.ndarray, y: np.ndarray) -> float:
    weights, losses = model.weights[name], []
    for step in (1e-5, -1e-5):
        moved = weights.copy()
        moved[place] += step
        model.set_weights({name: moved})
        losses.append(model.loss(x, y))
    model.set_weights({name: weights})
    return (losses[0] - losses[1]) / 2e-5


DRAW = np.random.default_rng(7)
X = DRAW.normal(size=(5, 4, 4))
FORMULAS = {
    "a transpose": ("z[j, i] = x[i, j]", X.transpose(0, 2, 1)),
    "a diagonal": ("z[i] = x[i, i]", X[:, np.arange(4), np.arange(4)]),
    "a trace": ("z[k: 1] = sum(x[i, i] over i)", np.trace(X, axis1=1, axis2=2)[:, None]),
    "a part": ("z[i: 2, j] = x[i + 1, j]", X[:, 1:3]),
    "reversed": ("z[i: 4, j] = x[3 - i, j]", X[:, ::-1]),
    "every other": ("z[i: 2, j] = x[2 * i, j]", X[:, ::2]),
    "repeated": ("z[i, j, k: 3] = x[i, j]", np.repeat(X[..., None], 3, 3)),
    "shifted, zeros behind": ("z[i: 4, j] = x[i + 1, j] or 0", np.pad(X[:, 1:], ((0, 0), (0, 1), (0, 0)))),
    "a mean over an axis": ("z[i] = mean(x[i, j] over j)", X.mean(2)),
    "a product with itself": ("z[i, k] = sum(x[i, j] * x[k, j] over j)", np.einsum("rij,rkj->rik", X, X)),
    "three factors": ("z[i] = 2 * x[i, i] * x[i, 0]", 2 * X[:, np.arange(4), np.arange(4)] * X[:, :, 0]),
    "an outer product": ("z[i, j] = x[i, 0] * x[0, j]", X[:, :, :1] * X[:, :1]),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name: str) -> None:
    formula, expected = FORMULAS[name]
    layer, data = f"layer made(x: [n, m]) {{ {formula}; z }}", "data { input x: [4, 4]; target y }"
    text = f"{layer}\n{data}\nnet {{ x | made | flatten | dense(1) }}\nloss squared_error\n"
    cpu, reference = pair(text)
    np.testing.assert_allclose(reference.forward(X, at=["made"])["made"], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cpu.forward(X, at=["made"])["made"], expected, rtol=0, atol=1e-5)
    meant, found = (model.gradients(X, np.ones(5), inputs=True) for model in (reference, cpu))
    for key, gradient in meant.items():
        np.testing.assert_allclose(found[key], gradient, rtol=0, atol=1e-5 * max(1, np.abs(gradient).max()))


def test_a_net_may_use_it_itself() -> None:
    text = "data { input x: [4, 4]; target y }\nnet { z[j, i] = x[i, j]; z | flatten | dense(1) }\nloss squared_error\n"
    model = dslc.compile(text=text, backend="reference")
    assert np.array_equal(model.forward(X, at=["z"])["z"], X.transpose(0, 2, 1).astype(np.float32))


POOL = """
layer pool(x: [h, w, c], size = {size}, stride: count = {stride}, pad = {pad}) {{
  rows = (h + 2 * pad - size) // stride + 1
  cols = (w + 2 * pad - size) // stride + 1
  y[i: rows, j: cols, ch] = {how}(x[i * stride + u - pad, j * stride + v - pad, ch]{beyond} over u: size, v: size)
  y
}}
data {{ input x: [6, 5, 2]; target y: class(3) }}
net {{ x | pool | flatten | dense(outputs) }}
loss cross_entropy
"""


@pytest.mark.parametrize(("size", "stride", "pad"), [(2, 2, 0), (3, 1, 0), (3, 2, 1), (2, 1, 1), (1, 1, 0), (5, 1, 0)])
@pytest.mark.parametrize(
    ("how", "fill", "beyond"), [("max", -np.inf, "-inf"), ("min", np.inf, "inf"), ("mean", 0, "0")]
)
def test_windows(how: str, fill: float, beyond: object, size: int, stride: int, pad: int) -> None:
    said = f" or {beyond}" if pad else ""
    cpu, reference = pair(POOL.format(how=how, beyond=said, size=size, stride=stride, pad=pad))
    draw = np.random.default_rng(size)
    x, y = draw.normal(size=(4, 6, 5, 2)), draw.integers(0, 3, 4)
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=fill)
    places = [(n + 2 * pad - size) // stride + 1 for n in (6, 5)]
    expected = np.empty((4, *places, 2))
    for i, j in np.ndindex(*places):
        window = padded[:, i * stride : i * stride + size, j * stride : j * stride + size]
        expected[:, i, j] = getattr(np, how)(window, axis=(1, 2))
    np.testing.assert_allclose(reference.forward(x, at=["pool"])["pool"], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cpu.forward(x, at=["pool"])["pool"], expected, rtol=0, atol=1e-5)
    meant, found = (model.gradients(x, y, inputs=True)["inputs.x"] for model in (reference, cpu))
    np.testing.assert_allclose(found, meant, rtol=0, atol=1e-6)
    place = tuple(draw.integers(0, n) for n in x.shape)
    losses = []
    for step in (1e-6, -1e-6):
        moved = x.copy()
        moved[place] += step
        losses.append(reference.loss(moved, y))
    assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(meant[place], rel=1e-5, abs=1e-8)
