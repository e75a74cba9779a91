"""Losses of each example beside `torch.nn.functional` with reduction="none", averaged over an example's elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .case import Case, Peer

PAIR = {"prediction": (4,), "target": (4,)}


def mean(function: Callable[[Any, Mapping[str, Any]], Any]) -> Peer:
    """Over the elements of each example."""
    return lambda torch, t: function(torch.nn.functional, t).flatten(1).mean(1)


CASES = (
    Case("loss squared_error", mean(lambda F, t: F.mse_loss(t["prediction"], t["target"], reduction="none")), PAIR),
    Case("loss absolute_error", mean(lambda F, t: F.l1_loss(t["prediction"], t["target"], reduction="none")), PAIR),
    Case(
        "loss huber",
        mean(lambda F, t: F.huber_loss(t["prediction"], t["target"], reduction="none", delta=0.7)),
        PAIR,
        {"delta": 0.7},
    ),
    Case(
        "loss cross_entropy",
        lambda torch, t: torch.nn.functional.cross_entropy(t["prediction"], t["target"], reduction="none"),
        {"prediction": (5,), "target": ()},
        classes=5,
    ),
    Case(
        "loss binary_cross_entropy",
        mean(lambda F, t: F.binary_cross_entropy_with_logits(t["prediction"], t["target"].double(), reduction="none")),
        PAIR,
        classes=2,
    ),
)
