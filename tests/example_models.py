"""The example models whose data stand beside them; LeNet's come from the command line."""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "models"
WITH_DATA = sorted(path for path in MODELS.glob("*.dsl") if path.stem != "lenet")
WORKLOADS = sorted(MODELS.glob("workloads/*.dsl"))
