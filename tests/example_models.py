"""The example models that train as they stand; LeNet waits for its data, and one for what it loads."""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "models"
WITH_DATA = sorted(path for path in MODELS.glob("*.dsl") if path.stem not in ("lenet", "digits_finetune"))
WORKLOADS = sorted(MODELS.glob("workloads/*.dsl"))
