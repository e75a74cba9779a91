"""Initializers."""

from __future__ import annotations

from collections.abc import Mapping

from .draws import Sampler, weight

SAMPLES: Mapping[str, Sampler] = {
    "initializer zeros": weight(),
    "initializer constant": weight(value=0.3),
    "initializer uniform": weight(low=-0.2, high=0.6),
    "initializer normal": weight(mean=0.2, std=0.7),
    "initializer glorot_uniform": weight(1),
    "initializer glorot_normal": weight(1),
    "initializer he_uniform": weight(1),
    "initializer he_normal": weight(1),
    "initializer lecun_uniform": weight(1),
    "initializer lecun_normal": weight(1),
    "initializer orthogonal": weight(2, gain=1.4),
}
