"""Layers beside `torch.nn.functional`, which has channels first and filters as [out, in, ..].

PyTorch pads both ends alike: where `same` needs an odd cell at the end, the image is padded before. Its transposed
convolutions and running moments are what they are here but for the order of axes, and for n / (n - 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .case import Case, Peer

Tensors = Mapping[str, Any]


def dense(torch: Any, t: Tensors) -> Any:
    return torch.nn.functional.linear(t["x"], t["w"].T, t["b"])


def embed(torch: Any, t: Tensors) -> Any:
    return torch.nn.functional.embedding(t["ids"], t["w"])


def recurrent(name: str) -> Peer:
    """PyTorch's module with these weights: [out, in], and a second bias, which but for GRU's new part is 0."""

    def peer(torch: Any, t: Tensors) -> Any:
        w, u, b = t["w"], t["u"], t["b"]
        second = torch.cat([torch.zeros_like(b[: 2 * len(u)]), t["b_new"]]) if name == "GRU" else torch.zeros_like(b)
        module = getattr(torch.nn, name)(len(w), len(u), batch_first=True, dtype=torch.float64)
        weights = {"weight_ih_l0": w.T, "weight_hh_l0": u.T, "bias_ih_l0": b, "bias_hh_l0": second}
        return torch.func.functional_call(module, weights, (t["x"],))[0]

    return peer


def both_ways(torch: Any, t: Tensors) -> Any:
    """Of a layer that is the same forth and back, as the stand-in is."""
    return torch.cat([torch.tanh(t["x"])] * 2, -1)


def heads_of(heads: int, causal: bool = False) -> Peer:
    def peer(torch: Any, t: Tensors) -> Any:
        x, width = t["x"], len(t["w_out"])
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1) if causal else None
        return torch.nn.functional.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3, width, heads, t["w"].T, t["b"], None, None, False, 0.0,
            t["w_out"].T, t["b_out"], attn_mask=mask, need_weights=False,
        )[0].transpose(0, 1)  # fmt: skip

    return peer


def first(x: Any) -> Any:
    """Channels from the last place to the one behind the batch."""
    return x.movedim(-1, 1)


def last(x: Any) -> Any:
    return x.movedim(1, -1)


def filters(k: Any) -> Any:
    """[.., in, out] as [out, in, ..]."""
    return k.movedim(-1, 0).movedim(-1, 1)


def convolution(axes: int, ends: tuple[int, ...] = (), **options: Any) -> Peer:
    """`ends` are cells before and after each axis, the last axis first, as `pad` takes them."""

    def peer(torch: Any, t: Tensors) -> Any:
        F = torch.nn.functional
        call = (F.conv1d, F.conv2d, F.conv3d)[axes - 1]
        x = F.pad(first(t["x"]), ends) if ends else first(t["x"])
        return last(call(x, filters(t["k"]), t["b"], **options))

    return peer


def transposed(cut: Callable[[Any], Any] = lambda y: y, **options: Any) -> Peer:
    """PyTorch wants [in, out, ..]; `cut` takes the places that count, of [rows, channels, h, w]."""

    def peer(torch: Any, t: Tensors) -> Any:
        k = t["k"].movedim(-1, 0).movedim(-1, 0)
        return last(cut(torch.nn.functional.conv_transpose2d(first(t["x"]), k, t["b"], **options)))

    return peer


def on_image(function: Callable[[Any, Any], Any]) -> Peer:
    return lambda torch, t: last(function(torch.nn.functional, first(t["x"])))


def scaled(function: Callable[[Any, Any, Tensors], Any]) -> Peer:
    """A normalisation of channels first."""
    return lambda torch, t: last(function(torch.nn.functional, first(t["x"]), t))


def batchnorm(torch: Any, t: Tensors) -> Any:
    """In training, where the running moments have no part: they are touched so that their gradients are zeros."""
    return last(torch.nn.functional.batch_norm(first(t["x"]), None, None, t["scale"], t["offset"], training=True))


IMAGE = {"x": (5, 6, 4)}
EVEN = {"x": (6, 6, 4)}

CASES = (
    Case("layer dense", dense, {"x": (4,)}, {"units": 3}),
    Case("layer dense", dense, {"x": (2, 4)}, {"units": 3}, variant="of_a_sequence"),
    Case("layer embed", embed, {"ids": (2, 4)}, {"units": 3}, classes=5),
    Case("layer rnn", recurrent("RNN"), {"x": (5, 2)}, {"units": 3}),
    Case("layer lstm", recurrent("LSTM"), {"x": (5, 2)}, {"units": 3}),
    Case("layer gru", recurrent("GRU"), {"x": (5, 2)}, {"units": 3}),
    Case("layer lstm", recurrent("LSTM"), {"x": (1, 2)}, {"units": 1}, variant="of_one_step"),
    Case("layer bidirectional", both_ways, {"x": (5, 4)}),
    Case("layer attention", heads_of(2), {"x": (5, 4)}, {"heads": 2}),
    Case("layer attention", heads_of(2, causal=True), {"x": (5, 4)}, {"heads": 2, "causal": True}, variant="causal"),
    Case("layer prelu", lambda torch, t: last(torch.nn.functional.prelu(first(t["x"]), t["slope"])), IMAGE),
    Case("layer conv1d", convolution(1, padding=1), {"x": (6, 2)}, {"filters": 3}),
    Case(
        "layer conv1d", convolution(1, padding=2, dilation=2, stride=2), {"x": (8, 2)},
        {"filters": 3, "dilation": (2,), "stride": (2,), "padding": (2,)}, variant="dilated",
    ),
    Case("layer conv", convolution(2, padding=1), IMAGE, {"filters": 3}),
    Case("layer conv", convolution(2), IMAGE, {"filters": 3, "padding": "valid", "size": (2, 3)}, variant="valid"),
    Case(
        "layer conv", convolution(2, (0, 1, 0, 1), stride=2), EVEN, {"filters": 3, "stride": (2, 2)},
        variant="same_with_stride",
    ),
    Case(
        "layer conv", convolution(2, padding=(2, 1), dilation=(2, 1), stride=(1, 2)), IMAGE,
        {"filters": 3, "padding": (2, 1), "dilation": (2, 1), "stride": (1, 2)}, variant="dilated",
    ),
    Case("layer conv3d", convolution(3, padding=1), {"x": (3, 4, 3, 2)}, {"filters": 2}),
    Case("layer grouped", convolution(2, padding=1, groups=2), IMAGE, {"filters": 6, "groups": 2}),
    Case("layer depthwise", convolution(2, padding=1, groups=4), IMAGE, {"multiplier": 2}),
    Case("layer conv_transpose", transposed(stride=2), IMAGE, {"filters": 3, "padding": "valid"}, variant="valid"),
    Case(
        "layer conv_transpose", transposed(lambda y: y[..., :10, :12], stride=2), IMAGE, {"filters": 3},
        variant="same",
    ),
    Case(
        "layer conv_transpose", transposed(stride=(3, 2), padding=(1, 2)), IMAGE,
        {"filters": 2, "size": (5, 6), "stride": (3, 2), "padding": (1, 2)}, variant="cut",
    ),
    Case("layer upsample", on_image(lambda F, x: F.interpolate(x, scale_factor=(2, 3))), IMAGE, {"size": (2, 3)}),
    Case("layer pad", on_image(lambda F, x: F.pad(x, (2, 2, 1, 1))), IMAGE, {"cells": (1, 2)}),
    Case("layer maxpool", on_image(lambda F, x: F.max_pool2d(x, 2)), IMAGE),
    Case(
        "layer maxpool", on_image(lambda F, x: F.max_pool2d(x, 3, stride=2, padding=1)), IMAGE,
        {"size": (3, 3), "stride": (2, 2), "padding": (1, 1)}, variant="padded",
    ),
    Case("layer minpool", on_image(lambda F, x: -F.max_pool2d(-x, 2)), IMAGE),
    Case("layer avgpool", on_image(lambda F, x: F.avg_pool2d(x, 2)), IMAGE),
    Case(
        "layer avgpool",
        on_image(lambda F, x: F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)), IMAGE,
        {"size": (3, 3), "stride": (2, 2), "padding": (1, 1)}, variant="padded",
    ),
    Case("layer global_maxpool", lambda torch, t: t["x"].amax((1, 2)), IMAGE),
    Case("layer global_avgpool", lambda torch, t: t["x"].mean((1, 2)), IMAGE),
    Case("layer batchnorm", batchnorm, IMAGE),
    Case("layer batchnorm", batchnorm, {"x": (4,)}, variant="of_vectors"),
    Case(
        "layer layernorm",
        lambda torch, t: torch.nn.functional.layer_norm(t["x"], (4,), t["scale"], t["offset"]), IMAGE,
    ),
    Case(
        "layer instancenorm",
        scaled(lambda F, x, t: F.instance_norm(x, weight=t["scale"], bias=t["offset"])), IMAGE,
    ),
    Case("layer groupnorm", scaled(lambda F, x, t: F.group_norm(x, 2, t["scale"], t["offset"])), IMAGE, {"groups": 2}),
    Case("layer rmsnorm", lambda torch, t: torch.nn.functional.rms_norm(t["x"], (4,), t["scale"], 1e-6), IMAGE),
)  # fmt: skip
