"""Losses."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.definition import Sample

from .draws import Draw, Sampler, classes, one, pair, shape


def of_classes(**numbers: float) -> Sampler:
    """On class ids, with numbers for the other parameters."""
    return lambda draw: classes(draw).replaced(numbers=numbers)


def mean_and_variance(draw: Draw) -> Sample:
    """Two numbers are predicted for each value."""
    target = shape(draw)
    return Sample({"prediction": (*target, 2), "target": target}, {})


def codes(*names: str) -> Sampler:
    """Codes of one length; a target is a class for each."""

    def sample(draw: Draw) -> Sample:
        code = shape(draw, 1)
        return Sample({name: code[:-1] if name == "target" else code for name in names}, {"margin": 1.5}, 2)

    return sample


SAMPLES: Mapping[str, Sampler] = {
    "loss squared_error": pair(),
    "loss absolute_error": pair(),
    "loss huber": pair(delta=0.7),
    "loss log_cosh": pair(),
    "loss pinball": pair(q=0.8),
    "loss poisson": pair(),
    "loss gaussian_nll": mean_and_variance,
    "loss cosine": pair(1, eps=0.1),
    "loss hinge": pair(),
    "loss squared_hinge": pair(),
    "loss binary_cross_entropy": pair(),
    "loss cross_entropy": of_classes(smoothing=0.2),
    "loss soft_cross_entropy": pair(1),
    "loss kl_divergence": pair(1),
    "loss focal": of_classes(gamma=1.5),
    "loss binary_focal": pair(gamma=1.5),
    "loss dice": pair(eps=0.1),
    "loss contrastive": codes("first", "second", "target"),
    "loss triplet": codes("anchor", "positive", "negative"),
    "loss l1": one("t"),
    "loss l2": one("t"),
}

POSITIVE = {"loss kl_divergence": ("target",)}
"""Distributions."""
