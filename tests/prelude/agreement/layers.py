"""Layers beside `torch.nn.functional`, which has channels first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .case import Case


def dense(torch: Any, t: Mapping[str, Any]) -> Any:
    return torch.nn.functional.linear(t["x"], t["w"].T, t["b"])


CASES = (
    Case("layer dense", dense, {"x": (4,)}, {"units": 3}),
    Case("layer dense", dense, {"x": (2, 4)}, {"units": 3}, variant="of_a_sequence"),
)
