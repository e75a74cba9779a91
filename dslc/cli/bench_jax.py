"""What JAX needs for the same training step: the whole loop as one compiled scan, float32, batches already in memory.

Imported only by `dslc bench --vs jax`. Four batches are used in turn. This is the fastest way that JAX has, and one
that no callback or early stop interrupts; XLA takes all of the machine's cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import jax
import numpy as np
import optax
from jax import lax
from jax import numpy as jnp

from dslc.cli.workload import PEER_BATCHES, Stack, Update

Layers: TypeAlias = list[dict[str, jax.Array]]


def peer_steps(stack: Stack, threads: int) -> Callable[[int], float]:
    """A function of a number of steps that makes at least as many and returns the seconds one took."""
    rng = np.random.default_rng(0)
    layers: Layers = [
        {
            "w": jnp.asarray(rng.standard_normal((fan_in, units), np.float32) / np.float32(np.sqrt(fan_in))),
            "b": jnp.zeros(units),
        }
        for fan_in, units in pairwise(stack.widths)
    ]
    x = jnp.asarray(rng.standard_normal((PEER_BATCHES, stack.batch, stack.widths[0]), np.float32))
    y = jnp.asarray(rng.integers(0, stack.widths[-1], (PEER_BATCHES, stack.batch)))
    optimizer = optax.adam(stack.rate) if stack.update is Update.ADAM else optax.sgd(stack.rate)

    def loss(layers: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
        for layer in layers[:-1]:
            x = jax.nn.relu(x @ layer["w"] + layer["b"])
        raw = x @ layers[-1]["w"] + layers[-1]["b"]
        return optax.softmax_cross_entropy_with_integer_labels(raw, y).mean()

    def step(carry: tuple[Layers, optax.OptState], k: jax.Array) -> tuple[tuple[Layers, optax.OptState], jax.Array]:
        layers, state = carry
        found, gradients = jax.value_and_grad(loss)(layers, x[k % PEER_BATCHES], y[k % PEER_BATCHES])
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
