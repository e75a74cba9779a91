"""Layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dslc.elaborate.definition import Sample

from .draws import Draw, Sampler, one, shape, size


def dense(draw: Draw) -> Sample:
    return Sample({"x": shape(draw, 1)}, {"units": size(draw), "bias": bool(draw.integers(2))})


def embed(draw: Draw) -> Sample:
    return Sample({"ids": shape(draw)}, {"units": size(draw)}, size(draw) + 1)


def steps(draw: Draw) -> Sample:
    return Sample({"x": (size(draw), size(draw))}, {"units": size(draw)})


def attention(draw: Draw) -> Sample:
    heads, each = size(draw), int(draw.integers(1, 3))
    return Sample({"x": (size(draw), heads * each)}, {"heads": heads, "causal": bool(draw.integers(2))})


# --- windows --------------------------------------------------------------------------------------

Numbers = dict[str, int | bool | str | tuple[int, ...]]


def windows(draw: Draw, axes: int, dilated: bool) -> tuple[tuple[int, ...], Numbers]:
    """An image of `axes` axes and any window, step and padding; the image is as large as the window at least."""

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(draw.integers(low, high)) for _ in range(axes))

    window, stride, dilation = each(1, 4), each(1, 4), each(1, 3) if dilated else (1,) * axes
    padding: str | tuple[int, ...] = ["same", "valid", each(0, 3)][int(draw.integers(3))]
    reach = [d * (w - 1) + 1 for d, w in zip(dilation, window, strict=True)]
    image = tuple(int(draw.integers(1 if padding == "same" else low, low + 4)) for low in reach)
    numbers: Numbers = {"size": window, "stride": stride, "padding": padding}
    return image, numbers | ({"dilation": dilation} if dilated else {})


def convolution(axes: int) -> Sampler:
    def sample(draw: Draw) -> Sample:
        image, numbers = windows(draw, axes, True)
        numbers |= {"filters": int(draw.integers(1, 4)), "bias": bool(draw.integers(2))}
        return Sample({"x": (*image, int(draw.integers(1, 4)))}, numbers)

    return sample


def grouped(draw: Draw) -> Sample:
    image, numbers = windows(draw, 2, True)
    groups = int(draw.integers(1, 4))
    each, made = (int(k) for k in draw.integers(1, 3, 2))
    return Sample({"x": (*image, groups * each)}, numbers | {"groups": groups, "filters": groups * made})


def depthwise(draw: Draw) -> Sample:
    image, numbers = windows(draw, 2, True)
    return Sample({"x": (*image, int(draw.integers(1, 4)))}, numbers | {"multiplier": int(draw.integers(1, 3))})


def conv_transpose(draw: Draw) -> Sample:
    """No more is cut off than leaves a cell."""
    image, numbers = windows(draw, 2, False)
    if isinstance(numbers["padding"], tuple):
        numbers |= {"padding": (0, 1), "size": (int(draw.integers(1, 4)), 3)}
    return Sample({"x": (*image, int(draw.integers(1, 4)))}, numbers | {"filters": int(draw.integers(1, 4))})


def pool(draw: Draw) -> Sample:
    """Padding of less than a window, so that each has a cell."""
    image, numbers = windows(draw, 2, False)
    if isinstance(numbers["padding"], tuple):
        window = numbers["size"]
        assert isinstance(window, tuple)
        numbers["padding"] = tuple(int(draw.integers(0, k)) for k in window)
    return Sample({"x": (*image, size(draw))}, numbers)


def image(draw: Draw) -> tuple[int, ...]:
    return tuple(int(k) for k in draw.integers(1, 5, 3))


def upsample(draw: Draw) -> Sample:
    return Sample({"x": image(draw)}, {"size": (int(draw.integers(1, 4)), int(draw.integers(1, 4)))})


def pad(draw: Draw) -> Sample:
    return Sample({"x": image(draw)}, {"cells": (int(draw.integers(3)), int(draw.integers(3)))})


# --- the others -----------------------------------------------------------------------------------


def in_groups(name: str = "x", **numbers: float) -> Callable[[Draw], Sample]:
    """Channels of any number of groups."""

    def sample(draw: Draw) -> Sample:
        groups = size(draw)
        return Sample({name: (*shape(draw)[:2], groups * size(draw))}, {"groups": groups} | numbers)

    return sample


def rows_of_groups(draw: Draw) -> Sample:
    return Sample({"x": (size(draw), size(draw), size(draw))}, {"eps": 0.1})


SAMPLES: Mapping[str, Sampler] = {
    "layer dense": dense,
    "layer embed": embed,
    "layer rnn": steps,
    "layer lstm": steps,
    "layer gru": steps,
    "layer last": lambda draw: Sample({"x": (size(draw), size(draw))}, {}),
    "layer reverse": lambda draw: Sample({"x": (size(draw), size(draw))}, {}),
    "layer bidirectional": lambda draw: Sample({"x": (size(draw), size(draw))}, {}),
    "layer attention": attention,
    "layer positions": lambda draw: Sample({"x": (size(draw), size(draw))}, {"width": size(draw)}),
    "layer flatten": one("x"),
    "layer dropout": one("x", share=0.4),
    "layer spatial_dropout": one("x", 1, share=0.4),
    "layer gaussian_noise": one("x", deviation=0.3),
    "layer prelu": one("x", 1),
    "layer conv1d": convolution(1),
    "layer conv": convolution(2),
    "layer conv3d": convolution(3),
    "layer grouped": grouped,
    "layer depthwise": depthwise,
    "layer conv_transpose": conv_transpose,
    "layer upsample": upsample,
    "layer pad": pad,
    "layer maxpool": pool,
    "layer minpool": pool,
    "layer avgpool": pool,
    "layer global_maxpool": one("x", 1),
    "layer global_avgpool": one("x", 1),
    "layer batchnorm": one("x", 1, eps=0.1),
    "layer layernorm": one("x", 1, eps=0.1),
    "layer instancenorm": one("x", 1, eps=0.1),
    "layer groupnorm": in_groups(eps=0.1),
    "layer rmsnorm": one("x", 1, eps=0.1),
    "activation standardized": rows_of_groups,
    "layer batch_variance": one("x", 1),
    "layer batch_standardized": one("x", 1, eps=0.1),
    "activation window_count": lambda draw: Sample({}, dict(windows_of(draw))),
    "activation window_start": lambda draw: Sample({}, dict(windows_of(draw))),
    "layer residual": one("x"),
}


def windows_of(draw: Draw) -> Numbers:
    reach, stride, padding = (int(k) for k in draw.integers(1, 5, 3))
    return {"n": reach + 2, "reach": reach, "stride": stride, "padding": (padding,), "axis": 0}
