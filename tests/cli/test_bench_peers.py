"""The peers of the workloads over steps compute what the model file says: loss and gradients of the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import dslc
from dslc.cli.growth import model_text
from dslc.cli.workload import NETS, Decoder, Net, Recurrent, draw
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.runtime.rows import Rows

CLOSE = 1e-4
"""float32 beside float64, as a share of a gradient's greatest element."""


def small(net: Net) -> Net:
    match net:
        case Recurrent():
            return replace(net, steps=5, width=6, units=7, batch=3)
        case Decoder():
            return replace(net, steps=5, width=8, blocks=2, batch=3)
    raise TypeError(net)


def meaning(net: Net) -> tuple[Model, Array, Array, float, dict[str, Array]]:
    """The model with weights that are nowhere equal, its tokens and targets, the loss and its gradients."""
    model = dslc.compile(text=model_text(net), backend="reference", dtype="float64")
    rng = np.random.default_rng(3)
    model.set_weights({name: w + rng.normal(0, 0.1, w.shape) for name, w in model.weights.items()})
    inputs, targets = draw(model.experiment.schema, net.batch)
    loss, gradients = model.objective(Rows(inputs, targets or {}), np.arange(net.batch))
    return model, inputs["token"], (targets or {})["y"], loss, dict(gradients)


def close(found: Array, expected: Array) -> bool:
    return bool(np.max(np.abs(found - expected)) <= CLOSE * np.max(np.abs(expected)) + 1e-7)


@pytest.mark.peers
@pytest.mark.parametrize("name", ["lstm", "gpt"])
def test_jax_computes_what_the_file_says(name: str) -> None:
    jax = pytest.importorskip("jax")
    optax = pytest.importorskip("optax")
    from dslc.cli.bench_jax import layers_of, raw_of

    net = small(NETS[name])
    model, token, target, expected, meant = meaning(net)
    weights = iter(model.weights.items())
    names, layers = [], []
    for layer in layers_of(net, np.random.default_rng(0)):
        part = [(key, *next(weights)) for key in layer]
        assert [value.shape for _, _, value in part] == [leaf.shape for leaf in layer.values()]
        names.append({key: path for key, path, _ in part})
        layers.append({key: jax.numpy.asarray(value, "float32") for key, _, value in part})

    def loss(layers):
        return optax.softmax_cross_entropy_with_integer_labels(raw_of(net, layers, token), target).mean()

    found, gradients = jax.value_and_grad(loss)(layers)
    assert abs(found - expected) < CLOSE
    for paths, layer in zip(names, gradients, strict=True):
        for key, path in paths.items():
            assert close(np.asarray(layer[key]), meant[path]), path


@pytest.mark.peers
@pytest.mark.parametrize("name", ["lstm", "gpt"])
def test_pytorch_computes_what_the_file_says(name: str) -> None:
    torch = pytest.importorskip("torch")
    from dslc.cli.bench_torch import module_of

    net = small(NETS[name])
    model, token, target, expected, meant = meaning(net)
    module = module_of(net)
    places = list(parameters_of(module))
    weights = list(model.weights.items())
    if isinstance(net, Recurrent):  # PyTorch's order is w, u, b and a second bias of zeros
        second = places.pop(4)[0]
        torch.nn.init.zeros_(second)
    for (parameter, turned), (path, weight) in zip(places, weights, strict=True):
        value = torch.tensor(weight.T if turned else weight, dtype=torch.float32)
        assert value.shape == parameter.shape, path
        parameter.data.copy_(value)
    loss = torch.nn.functional.cross_entropy(module(torch.tensor(token)).flatten(0, -2), torch.tensor(target).flatten())
    loss.backward()
    assert abs(loss.item() - expected) < CLOSE
    for (parameter, turned), (path, _) in zip(places, weights, strict=True):
        gradient = parameter.grad.numpy()
        assert close(gradient.T if turned else gradient, meant[path]), path


def parameters_of(module) -> Iterator[tuple[object, bool]]:
    """Parameters in the order of the layers, and whether PyTorch keeps them as [out, in]."""
    for name, parameter in module.named_parameters():
        owner = module.get_submodule(name.rpartition(".")[0])
        yield parameter, parameter.ndim == 2 and type(owner).__name__ in ("Linear", "LSTM")
