"""What JAX needs for the same training step: the whole loop as one compiled scan, float32, batches already in memory.

Imported only by `dslc bench --vs jax`. Four batches are used in turn. For dense nets this is the fastest way that JAX
has, and one that no callback or early stop interrupts; XLA takes all of the machine's cores. Convolutions inside of a
scan take XLA's plain loops: LeNet by compiled single steps needs a third of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from math import prod
from typing import TypeAlias, assert_never

import jax
import numpy as np
import optax
from jax import lax
from jax import numpy as jnp

from dslc.cli.workload import BATCHES, MOMENTUM, Decoder, Net, Recurrent, Stack, Update

Layer: TypeAlias = dict[str, jax.Array]
Layers: TypeAlias = list[Layer]


def peer_steps(net: Net, threads: int) -> Callable[[int], float]:
    """A function of a number of steps that makes at least as many and returns the seconds one took."""
    rng = np.random.default_rng(0)
    layers = list(layers_of(net, rng))
    x, y = _batches(net, rng)
    optimizer = _optimizer(net)

    def loss(layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
        raw = raw_of(net, layers, x)
        return optax.softmax_cross_entropy_with_integer_labels(raw, y).mean()

    def step(carry: tuple[Layers, optax.OptState], k: jax.Array) -> tuple[tuple[Layers, optax.OptState], jax.Array]:
        layers, state = carry
        found, gradients = jax.value_and_grad(loss)(layers, x[k % BATCHES], y[k % BATCHES])
        updates, state = optimizer.update(gradients, state, layers)
        return (optax.apply_updates(layers, updates), state), found

    carry = (layers, optimizer.init(layers))
    loops: dict[int, Callable[[tuple[Layers, optax.OptState]], object]] = {}

    def seconds(count: int) -> float:
        length = 1 << max(0, count - 1).bit_length()  # a length is compiled once: powers of two
        if length not in loops:
            loop = jax.jit(partial(lax.scan, step, xs=jnp.arange(length)))
            loops[length] = loop.lower(carry).compile()
            jax.block_until_ready(loops[length](carry))
        began = time.perf_counter()
        jax.block_until_ready(loops[length](carry))
        return (time.perf_counter() - began) / length

    return seconds


def _batches(net: Net, rng: np.random.Generator) -> tuple[jax.Array, jax.Array]:
    """Inputs and the classes of the targets, each [BATCHES, batch, ..]."""
    if not isinstance(net, Stack):
        shape = (BATCHES, net.batch, net.steps)
        return jnp.asarray(rng.integers(0, net.tokens, shape)), jnp.asarray(rng.integers(0, net.tokens, shape))
    x = jnp.asarray(rng.standard_normal((BATCHES, net.batch, *(net.image or net.widths[:1])), np.float32))
    return x, jnp.asarray(rng.integers(0, net.widths[-1], (BATCHES, net.batch)))


def layers_of(net: Net, rng: np.random.Generator) -> Iterator[Layer]:
    match net:
        case Stack():
            yield from _layers(net, rng)
        case Recurrent():
            yield {"w": _drawn(rng, net.tokens, net.width)}
            w, u = _drawn(rng, net.width, 4 * net.units), _drawn(rng, net.units, 4 * net.units)
            yield {"w": w, "u": u, "b": jnp.zeros(4 * net.units)}
            yield _dense(rng, net.units, net.tokens)
        case Decoder(width=width):
            yield {"w": _drawn(rng, net.tokens, width), "place": _drawn(rng, net.steps, width)}
            for _ in range(net.blocks):
                yield from (_norm(width), _dense(rng, width, 3 * width), _dense(rng, width, width))
                yield from (_norm(width), _dense(rng, width, 4 * width), _dense(rng, 4 * width, width))
            yield from (_norm(width), _dense(rng, width, net.tokens))
        case _:
            assert_never(net)


def raw_of(net: Net, layers: Layers, x: jax.Array) -> jax.Array:
    """The raw predictions of a batch, [batch, classes] or [batch, steps, tokens]."""
    match net:
        case Stack():
            return _raw(net, layers, x)
        case Recurrent():
            return _recurrent(layers, x)
        case Decoder():
            return _decoder(net, layers, x)
        case _:
            assert_never(net)


def _drawn(rng: np.random.Generator, *shape: int) -> jax.Array:
    return jnp.asarray(rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(prod(shape[:-1]))))


def _dense(rng: np.random.Generator, fan_in: int, units: int) -> Layer:
    return {"w": _drawn(rng, fan_in, units), "b": jnp.zeros(units)}


def _norm(width: int) -> Layer:
    return {"scale": jnp.ones(width), "b": jnp.zeros(width)}


def _layers(stack: Stack, rng: np.random.Generator) -> Iterator[dict[str, jax.Array]]:
    """Weights of the convolutions, [rows, columns, channels, filters], and of the dense layers, [in, out]."""
    shapes: list[tuple[int, ...]] = []
    channels = stack.image[2] if stack.image else 0
    for convolution in stack.convolutions:
        shapes.append((convolution.size, convolution.size, channels, convolution.filters))
        channels = convolution.filters
    for shape in (*shapes, *pairwise(stack.widths)):
        yield {"w": _drawn(rng, *shape), "b": jnp.zeros(shape[-1])}


def _raw(stack: Stack, layers: Layers, x: jax.Array) -> jax.Array:
    convolved, dense = layers[: len(stack.convolutions)], layers[len(stack.convolutions) :]
    for convolution, layer in zip(stack.convolutions, convolved, strict=True):
        padding = "SAME" if convolution.same else "VALID"
        x = lax.conv_general_dilated(x, layer["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + layer["b"])
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(x.shape[0], -1)
    for layer in dense[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    return x @ dense[-1]["w"] + dense[-1]["b"]


def _affine(layer: Layer, x: jax.Array) -> jax.Array:
    return x @ layer["w"] + layer["b"]


def _recurrent(layers: Layers, token: jax.Array) -> jax.Array:
    """An LSTM whose products with the input are one, outside of the loop over the steps."""
    look_up, lstm, raw = layers
    given = _affine(lstm, jnp.swapaxes(look_up["w"][token], 0, 1))  # [steps, batch, 4 units]
    zeros = jnp.zeros((token.shape[0], lstm["u"].shape[0]))

    def step(carry: tuple[jax.Array, jax.Array], z: jax.Array) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
        h, c = carry
        i, f, g, o = jnp.split(z + h @ lstm["u"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    _, steps = lax.scan(step, (zeros, zeros), given)
    return _affine(raw, jnp.swapaxes(steps, 0, 1))


def _decoder(net: Decoder, layers: Layers, token: jax.Array) -> jax.Array:
    look_up, *inner, norm, raw = layers
    x = look_up["w"][token] + look_up["place"]
    for block in range(net.blocks):
        before, query_key_value, out, between, wide, narrow = inner[6 * block : 6 * block + 6]
        parts = _affine(query_key_value, _normalised(before, x))
        x = x + _affine(out, _attended(parts, net.heads))
        x = x + _affine(narrow, jax.nn.gelu(_affine(wide, _normalised(between, x)), approximate=True))
    return _affine(raw, _normalised(norm, x))


def _normalised(layer: Layer, x: jax.Array) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * layer["scale"] + layer["b"]


def _attended(parts: jax.Array, heads: int) -> jax.Array:
    """Causal attention of queries, keys and values side by side, [batch, steps, 3 width]."""
    batch, steps, _ = parts.shape
    query, key, value = jnp.moveaxis(parts.reshape(batch, steps, 3, heads, -1), 2, 0)
    score = jnp.einsum("bihe,bjhe->bhij", query, key) / np.float32(np.sqrt(query.shape[-1]))
    share = jax.nn.softmax(jnp.where(np.tri(steps, dtype=bool), score, -1e30))
    return jnp.einsum("bhij,bjhe->bihe", share, value).reshape(batch, steps, -1)


def _optimizer(net: Net) -> optax.GradientTransformation:
    match net.update:
        case Update.ADAM:
            return optax.adam(net.rate)
        case Update.MOMENTUM:
            return optax.sgd(net.rate, MOMENTUM)
        case Update.DESCENT:
            return optax.sgd(net.rate)
