"""Activations beside `torch.nn.functional`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .case import Case

X = {"x": (4, 5)}
WIDE = {"low": -9.0, "high": 9.0}
"""So that values lie on either side of each kink, at -3, 0, 3 and 6."""


def hard_sigmoid(torch: Any, t: Mapping[str, Any]) -> Any:
    """As `hardsigmoid` is documented; its own gradient of float64 holds 1 / 6 to float32 alone."""
    return torch.nn.functional.relu6(t["x"] + 3) / 6


CASES = (
    Case("activation sigmoid", lambda torch, t: torch.sigmoid(t["x"]), X),
    Case("activation hard_sigmoid", hard_sigmoid, X, **WIDE),
    Case("activation tanh", lambda torch, t: torch.tanh(t["x"]), X),
    Case("activation relu", lambda torch, t: torch.relu(t["x"]), X),
    Case("activation leaky_relu", lambda torch, t: torch.nn.functional.leaky_relu(t["x"], 0.01), X),
    Case("activation relu6", lambda torch, t: torch.nn.functional.relu6(t["x"]), X, **WIDE),
    Case("activation elu", lambda torch, t: torch.nn.functional.elu(t["x"]), X),
    Case("activation elu", lambda torch, t: torch.nn.functional.elu(t["x"], 0.6), X, {"alpha": 0.6}, variant="bent"),
    Case("activation selu", lambda torch, t: torch.nn.functional.selu(t["x"]), X),
    Case("activation gelu", lambda torch, t: torch.nn.functional.gelu(t["x"]), X),
    Case("activation gelu_tanh", lambda torch, t: torch.nn.functional.gelu(t["x"], approximate="tanh"), X, **WIDE),
    Case("activation silu", lambda torch, t: torch.nn.functional.silu(t["x"]), X, **WIDE),
    Case("activation hard_swish", lambda torch, t: torch.nn.functional.hardswish(t["x"]), X, **WIDE),
    Case("activation mish", lambda torch, t: torch.nn.functional.mish(t["x"]), X, **WIDE),
    Case("activation softplus", lambda torch, t: torch.nn.functional.softplus(t["x"]), X),
    Case("activation softsign", lambda torch, t: torch.nn.functional.softsign(t["x"]), X),
    Case("activation logsumexp", lambda torch, t: torch.logsumexp(t["x"], -1), X),
    Case("activation glu", lambda torch, t: torch.nn.functional.glu(t["x"], -1), {"x": (3, 6)}),
    Case("activation softmax", lambda torch, t: torch.softmax(t["x"], -1), X),
    Case("activation log_softmax", lambda torch, t: torch.log_softmax(t["x"], -1), X),
)
