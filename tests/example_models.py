"""The example models that train as they stand within seconds; LeNet waits for its data, one for what it loads, and the
reference backend would take hours for the text's."""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "models"
WITH_DATA = sorted(path for path in MODELS.glob("*.dsl") if path.stem not in ("lenet", "digits_finetune", "moby"))
WORKLOADS = sorted(MODELS.glob("workloads/*.dsl"))
