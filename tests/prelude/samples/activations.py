"""Activations."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.definition import Sample

from .draws import Sampler, one, shape, size

SAMPLES: Mapping[str, Sampler] = {
    "activation step": one("x"),
    "activation linear": one("x", slope=1.3, offset=-0.4),
    "activation sigmoid": one("x"),
    "activation hard_sigmoid": one("x"),
    "activation tanh": one("x"),
    "activation relu": one("x"),
    "activation leaky_relu": one("x", slope=0.1),
    "activation relu6": one("x"),
    "activation elu": one("x", alpha=0.6),
    "activation selu": one("x"),
    "activation gelu": one("x"),
    "activation gelu_tanh": one("x"),
    "activation silu": one("x"),
    "activation hard_swish": one("x"),
    "activation mish": one("x"),
    "activation softplus": one("x"),
    "activation softsign": one("x"),
    "activation logsumexp": one("x", 1),
    "activation glu": lambda draw: Sample({"x": (*shape(draw)[:2], 2 * size(draw))}, {}),
    "activation softmax": one("x", 1),
    "activation log_softmax": one("x", 1),
}
