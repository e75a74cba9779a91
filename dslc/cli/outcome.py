"""What a training run came to: the table on stdout, or one line of JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from dslc.cli.progress import number

PARTS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`parts` maps train, val and test to their loss and metrics; a part without rows is missing."""

    model: str
    backend: str
    epochs: int
    best_epoch: int | None
    stopped: str
    seconds: float
    compile_seconds: float
    parameters: int
    parts: Mapping[str, Mapping[str, float]]

    def to_json(self) -> str:
        """One line; a number that JSON cannot hold is null."""
        record = {
            "schema": 1,
            "model": self.model,
            "backend": self.backend,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 4),
            "compile_seconds": round(self.compile_seconds, 4),
            "parameters": self.parameters,
        }
        for part, columns in self.parts.items():
            record[part] = {name: value if math.isfinite(value) else None for name, value in columns.items()}
        return json.dumps(record, allow_nan=False)

    def to_text(self) -> str:
        """Two lines about the run, and a table with a row for each part."""
        best = f", best epoch {self.best_epoch}" if self.best_epoch is not None else ""
        epochs = f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}"
        lines = [
            f"{self.model}: {self.parameters:,} parameters, {epochs} in {self.seconds:.2f} s"
            f" (compiled in {self.compile_seconds:.2f} s)",
            f"{self.stopped}{best}",
        ]
        names = list(dict.fromkeys(name for columns in self.parts.values() for name in columns))
        widths = [max(10, len(name)) for name in names]
        if names:
            lines += ["", " " * 5 + "".join(f"  {name:>{width}}" for name, width in zip(names, widths, strict=True))]
        for part, columns in self.parts.items():
            cells = [number(columns[name]) if name in columns else "" for name in names]
            lines.append(f"{part:<5}" + "".join(f"  {c:>{width}}" for c, width in zip(cells, widths, strict=True)))
        return "\n".join(lines)
