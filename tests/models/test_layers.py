"""Layers of the library as compiled code: both backends agree, and threads and partial batches change nothing."""

from __future__ import annotations

import numpy as np
import pytest

import dslc

MODEL = """
data {{ input x: {shape}; target y: class(3) }}
net {{ x | {layer} | tanh | flatten | dense(outputs) }}
loss cross_entropy
train {{ adam(1e-2); batch 8; epochs 2; seed 1 }}
"""
SHAPES = {"sequence": (9, 3), "image": (7, 8, 4), "volume": (4, 5, 6, 2), "vector": (6,)}
ROWS = 21
"""Two whole batches and a part of one."""

LAYERS = [
    ("sequence", "conv1d(5)"),
    ("sequence", "conv1d(5, 2, stride = 2, padding = 1, dilation = 2)"),
    ("image", "conv(5, 3, padding = 2)"),
    ("image", "conv(5, 2x3, stride = 2x1, dilation = 1x2, padding = valid)"),
    ("volume", "conv3d(3)"),
    ("volume", "conv3d(3, 2, stride = 1x2x3, padding = valid)"),
    ("image", "grouped(6, 2)"),
    ("image", "grouped(6, 2, 2, stride = 2, padding = 1)"),
    ("image", "depthwise"),
    ("image", "depthwise(3, 2x3, dilation = 2)"),
    ("image", "conv_transpose(3)"),
    ("image", "conv_transpose(3, 5x2, stride = 3x2, padding = 1x0)"),
    ("image", "conv_transpose(3, 2, stride = 3, padding = valid)"),
    ("image", "upsample(2x3)"),
    ("image", "pad(2x0)"),
    ("image", "maxpool(3, 2, same)"),
    ("image", "minpool(2, 1)"),
    ("image", "avgpool(3, 2, 1)"),
    ("image", "global_maxpool"),
    ("volume", "global_avgpool"),
    ("vector", "batchnorm"),
    ("image", "batchnorm"),
    ("sequence", "layernorm"),
    ("image", "instancenorm"),
    ("image", "groupnorm(2)"),
    ("vector", "rmsnorm"),
    ("image", "residual(conv(4) | relu)"),
]
each = pytest.mark.parametrize(("kind", "layer"), LAYERS, ids=[layer for _, layer in LAYERS])


def model(kind: str, layer: str, **options: object) -> dslc.Model:
    return dslc.compile(text=MODEL.format(shape=list(SHAPES[kind]), layer=layer), **options)


def data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(3).normal(size=(ROWS, *SHAPES[kind])), np.arange(ROWS) % 3


@each
def test_both_backends_agree(kind: str, layer: str) -> None:
    cpu, reference = model(kind, layer), model(kind, layer, backend="reference", dtype="float64")
    reference.set_weights(cpu.weights)
    x, y = data(kind)
    np.testing.assert_allclose(cpu.forward(x), reference.forward(x), rtol=0, atol=5e-5)
    found, meant = cpu.gradients(x[:8], y[:8], inputs=True), reference.gradients(x[:8], y[:8], inputs=True)
    for name, gradient in meant.items():
        assert np.abs(found[name] - gradient).max() <= 5e-5 * max(np.abs(gradient).max(), 1e-2), name
    cpu.fit(x, y)
    reference.fit(x, y)
    for name, weight in reference.weights.items():  # Adam moves a weight by the sign of its gradient at first
        np.testing.assert_allclose(cpu.weights[name], weight, rtol=0, atol=2e-2, err_msg=name)


@each
def test_threads_change_nothing(kind: str, layer: str) -> None:
    x, y = data(kind)
    trained = [model(kind, layer, threads=threads) for threads in (1, 2, 3)]
    for each_model in trained:
        each_model.fit(x, y)
    for other in trained[1:]:
        assert all(np.array_equal(other.weights[name], weight) for name, weight in trained[0].weights.items())


def test_noise_and_dropped_channels_are_for_training_alone() -> None:
    x, y = data("image")
    for layer in ("gaussian_noise(0.5)", "spatial_dropout(50%)"):
        found = model("image", layer)
        assert np.array_equal(found.forward(x, at=[layer.split("(")[0]])[layer.split("(")[0]], x.astype(np.float32))
        found.fit(x, y)
