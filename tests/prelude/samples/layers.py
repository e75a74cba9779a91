"""Layers."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.definition import Sample

from .draws import Draw, Sampler, one, shape, size


def dense(draw: Draw) -> Sample:
    return Sample({"x": shape(draw, 1)}, {"units": size(draw), "bias": bool(draw.integers(2))})


def conv(draw: Draw) -> Sample:
    """Any padding and step; without padding the image is as large as the window at least."""
    window, same = (int(draw.integers(1, 4)), int(draw.integers(1, 4))), bool(draw.integers(2))
    least = (1, 1) if same else window
    image = tuple(int(draw.integers(low, low + 5)) for low in least)
    numbers = {"filters": size(draw), "size": window, "stride": int(draw.integers(1, 4)), "same": same}
    return Sample({"x": (*image, size(draw))}, {**numbers, "bias": bool(draw.integers(2))})


def maxpool(draw: Draw) -> Sample:
    window = (int(draw.integers(1, 4)), int(draw.integers(1, 4)))
    image = tuple(int(draw.integers(low, 2 * low + 3)) for low in window)
    return Sample({"x": (*image, size(draw))}, {"size": window})


SAMPLES: Mapping[str, Sampler] = {
    "layer dense": dense,
    "layer conv": conv,
    "layer maxpool": maxpool,
    "layer flatten": one("x"),
    "layer dropout": one("x", share=0.4),
    "layer prelu": one("x", 1),
}
