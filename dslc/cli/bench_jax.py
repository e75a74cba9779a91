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
from typing import TypeAlias

import jax
import numpy as np
import optax
from jax import lax
from jax import numpy as jnp

from dslc.cli.workload import BATCHES, MOMENTUM, Stack, Update

Layers: TypeAlias = list[dict[str, jax.Array]]


def peer_steps(stack: Stack, threads: int) -> Callable[[int], float]:
    """A function of a number of steps that makes at least as many and returns the seconds one took."""
    rng = np.random.default_rng(0)
    layers = list(_layers(stack, rng))
    shape = (BATCHES, stack.batch, *(stack.image or stack.widths[:1]))
    x = jnp.asarray(rng.standard_normal(shape, np.float32))
    y = jnp.asarray(rng.integers(0, stack.widths[-1], (BATCHES, stack.batch)))
    optimizer = _optimizer(stack)

    def loss(layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
        raw = _raw(stack, layers, x)
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


def _layers(stack: Stack, rng: np.random.Generator) -> Iterator[dict[str, jax.Array]]:
    """Weights of the convolutions, [rows, columns, channels, filters], and of the dense layers, [in, out]."""
    shapes: list[tuple[int, ...]] = []
    channels = stack.image[2] if stack.image else 0
    for convolution in stack.convolutions:
        shapes.append((convolution.size, convolution.size, channels, convolution.filters))
        channels = convolution.filters
    for shape in (*shapes, *pairwise(stack.widths)):
        scale = np.float32(np.sqrt(prod(shape[:-1])))
        yield {"w": jnp.asarray(rng.standard_normal(shape, np.float32) / scale), "b": jnp.zeros(shape[-1])}


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


def _optimizer(stack: Stack) -> optax.GradientTransformation:
    match stack.update:
        case Update.ADAM:
            return optax.adam(stack.rate)
        case Update.MOMENTUM:
            return optax.sgd(stack.rate, MOMENTUM)
        case Update.DESCENT:
            return optax.sgd(stack.rate)
