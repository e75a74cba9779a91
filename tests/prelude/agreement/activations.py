"""Activations beside `torch.nn.functional`."""

from __future__ import annotations

from .case import Case

X = {"x": (4, 5)}

CASES = (
    Case("activation sigmoid", lambda torch, t: torch.sigmoid(t["x"]), X),
    Case("activation tanh", lambda torch, t: torch.tanh(t["x"]), X),
    Case("activation relu", lambda torch, t: torch.relu(t["x"]), X),
    Case("activation leaky_relu", lambda torch, t: torch.nn.functional.leaky_relu(t["x"], 0.01), X),
    Case("activation gelu", lambda torch, t: torch.nn.functional.gelu(t["x"]), X),
    Case("activation softplus", lambda torch, t: torch.nn.functional.softplus(t["x"]), X),
    Case("activation logsumexp", lambda torch, t: torch.logsumexp(t["x"], -1), X),
    Case("activation glu", lambda torch, t: torch.nn.functional.glu(t["x"], -1), {"x": (3, 6)}),
    Case("activation softmax", lambda torch, t: torch.softmax(t["x"], -1), X),
    Case("activation log_softmax", lambda torch, t: torch.log_softmax(t["x"], -1), X),
)
