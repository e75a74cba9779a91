"""`conv` and `maxpool` of the library: places, padding and steps as their comments say; gradients of both backends."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import dslc
from dslc.lowering import tiles
from dslc.program.program import Call, ContractKernel

MODEL = """
data {{ input x: [{h}, {w}, {c}]; target y: class(3) }}
net {{ x | {layer} | tanh | flatten | dense(outputs) }}
loss cross_entropy
train {{ adam(1e-2); batch {batch}; epochs 1; seed 1 }}
"""

CASES = [
    (h, w, c, filters, size, stride, same)
    for h, w, c, filters, size in [
        (7, 5, 1, 6, (5, 5)),
        (8, 6, 3, 17, (3, 2)),
        (5, 9, 4, 1, (1, 4)),
        (6, 6, 16, 8, (3, 3)),
        (5, 5, 1, 1, (1, 1)),
    ]
    for stride in (1, 2, 3)
    for same in (True, False)
]


def convolved(x: np.ndarray, k: np.ndarray, stride: int, same: bool) -> np.ndarray:
    """A place and a tap at a time."""
    pads, places = [], []
    for n, size in zip(x.shape[1:3], k.shape[:2], strict=True):
        count = -(-n // stride) if same else (n - size) // stride + 1
        total = max((count - 1) * stride + size - n, 0) if same else 0
        pads.append((total // 2, total - total // 2))
        places.append(count)
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    found = np.zeros((len(x), *places, k.shape[3]))
    for i, j in np.ndindex(*places):
        for u, v in np.ndindex(*k.shape[:2]):
            found[:, i, j] += x[:, i * stride + u, j * stride + v] @ k[u, v]
    return found


def compare(text: str, layer: str, x: np.ndarray, expected: object) -> None:
    """Values and gradients of both backends; `expected` makes the values of the layer from its weights."""
    assert callable(expected)
    cpu, reference = dslc.compile(text=text), dslc.compile(text=text, backend="reference", dtype="float64")
    reference.set_weights(cpu.weights)
    values = expected(reference.weights)
    np.testing.assert_allclose(reference.forward(x, at=[layer])[layer], values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(cpu.forward(x, at=[layer])[layer], values, rtol=0, atol=2e-5)
    y = np.arange(len(x)) % 3
    meant, found = reference.gradients(x, y, inputs=True), cpu.gradients(x, y, inputs=True)
    for name, gradient in meant.items():
        assert np.abs(found[name] - gradient).max() <= 2e-5 * max(np.abs(gradient).max(), 1e-2), name


@pytest.mark.parametrize(("h", "w", "c", "filters", "size", "stride", "same"), CASES)
def test_conv(h: int, w: int, c: int, filters: int, size: tuple[int, int], stride: int, same: bool) -> None:
    padding = "same" if same else "valid"
    layer = f"conv({filters}, {size[0]}x{size[1]}, stride = {stride}, padding = {padding})"
    x = np.random.default_rng(h).normal(size=(5, h, w, c))
    compare(
        MODEL.format(h=h, w=w, c=c, layer=layer, batch=5),
        "conv",
        x,
        lambda weights: convolved(x, weights["conv.k"], stride, same) + weights["conv.b"],
    )


@pytest.mark.parametrize(
    ("h", "w", "size"), [(4, 4, (2, 2)), (7, 5, (2, 2)), (7, 8, (3, 2)), (3, 3, (3, 3)), (2, 9, (1, 4))]
)
def test_maxpool(h: int, w: int, size: tuple[int, int]) -> None:
    x = np.random.default_rng(w).normal(size=(5, h, w, 3))
    rows, columns = h // size[0], w // size[1]
    windows = x[:, : rows * size[0], : columns * size[1]].reshape(5, rows, size[0], columns, size[1], 3)
    text = MODEL.format(h=h, w=w, c=3, layer=f"maxpool({size[0]}x{size[1]})", batch=5)
    compare(text, "maxpool", x, lambda _: windows.max((2, 4)))


WRONG = {
    "conv(4, 9x9, padding = valid)": ("required", "conv(4, 9x9, padding = valid)"),
    "conv(0)": ("outside-range", "0"),
    "conv(4, stride = 0)": ("outside-range", "stride = 0"),
    "conv(4, 2x2x2)": ("outside-range", "2x2x2"),
    "conv(4, padding = 0.5)": ("outside-range", "padding = 0.5"),
    "maxpool(9x9)": ("required", "maxpool(9x9)"),
    "grouped(4, 3)": ("required", "grouped(4, 3)"),
    "conv_transpose(2, padding = 9)": ("required", "conv_transpose(2, padding = 9)"),
    "groupnorm(3)": ("required", "groupnorm(3)"),
    "pad(same)": ("outside-range", "same"),
    "residual(3)": ("outside-range", "3"),
}


@pytest.mark.parametrize("layer", WRONG)
def test_what_cannot_be_is_an_error_at_its_place(layer: str) -> None:
    with pytest.raises(dslc.ModelError) as caught:
        dslc.compile(text=MODEL.format(h=7, w=5, c=2, layer=layer, batch=5))
    assert {(found.code, found.span.text) for found in caught.value.diagnostics} == {WRONG[layer]}


NET = """
data { input x: [13, 11, 2]; target y: class(3) }
net {
  x | conv(7, 3x3) | relu | maxpool(2x2) | conv(5, 3x2, padding = valid) | tanh | maxpool(2x1)
  | flatten | dense(outputs)
}
loss cross_entropy
train { adam(1e-2); batch 16; epochs 2; seed 3 }
"""
X = np.random.default_rng(2).normal(size=(40, 13, 11, 2))
Y = np.arange(40) % 3


def trained(threads: int) -> dict[str, np.ndarray]:
    """Weights after two epochs, the last batch of each being part of one."""
    model = dslc.compile(text=NET, threads=threads)
    model.fit(X, Y)
    return model.weights


def test_results_do_not_depend_on_threads() -> None:
    alone = trained(1)
    for threads in (2, 3, 7):
        for name, weights in trained(threads).items():
            assert np.array_equal(weights, alone[name]), name


def test_small_tiles_that_follow_one_another_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tiles of one line each, and shards of one: what follows reads what its own tile has written."""
    monkeypatch.setattr(tiles, "MULTIPLY_ADDS", 1)
    monkeypatch.setattr(tiles, "POINTS", 1)
    monkeypatch.setattr(tiles, "LINE_TILES", 2)
    monkeypatch.setattr(tiles, "PLACE_TILES", 100)
    cpu = dslc.compile(text=NET, threads=3)
    reference = dslc.compile(text=NET, backend="reference", dtype="float64")
    reference.set_weights(cpu.weights)
    calls = [call for phase in cpu.program.entries["train"].phases for call in phase.calls if isinstance(call, Call)]
    assert any(call.follows and isinstance(before.kernel, ContractKernel) for before, call in pairwise(calls))
    meant, found = reference.gradients(X[:16], Y[:16]), cpu.gradients(X[:16], Y[:16])
    for name, gradient in meant.items():
        assert np.abs(found[name] - gradient).max() <= 2e-5 * max(np.abs(gradient).max(), 1e-2), name
