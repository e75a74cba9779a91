"""What a training run came to: the table on stdout, or one line of JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dslc.cli.progress import number
from dslc.graph.graph import Array
from dslc.plan import short
from dslc.runtime.history import Evaluation

PARTS = ("train", "val", "test")

WIDTH = 80
"""Columns of a terminal."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`parts` maps train, val and test to what was evaluated of them; a part without rows is missing.

    `threshold` was chosen after training, if the file asks for it.
    """

    model: str
    backend: str
    epochs: int
    best_epoch: int | None
    stopped: str
    seconds: float
    compile_seconds: float
    parameters: int
    parts: Mapping[str, Evaluation]
    threshold: float | None = None

    @property
    def tables(self) -> Mapping[str, Array]:
        """The metrics that are tables, of the test part, else of the validation part."""
        return next((self.parts[part].tables for part in ("test", "val") if part in self.parts), {})

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
        record |= {} if self.threshold is None else {"threshold": self.threshold}
        for part, columns in self.parts.items():
            record[part] = {name: value if math.isfinite(value) else None for name, value in columns.items()}
        return json.dumps(record, allow_nan=False)

    def to_text(self) -> str:
        """Two lines about the run, and a table with a row for each part, or for each metric where there are many."""
        best = f", best epoch {self.best_epoch}" if self.best_epoch is not None else ""
        chosen = f", threshold {number(self.threshold)}" if self.threshold is not None else ""
        epochs = f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}"
        lines = [
            f"{self.model}: {self.parameters:,} parameters, {epochs} in {duration(self.seconds)}"
            f" (compiled in {duration(self.compile_seconds)})",
            f"{self.stopped}{best}{chosen}",
        ]
        names = list(dict.fromkeys(name for columns in self.parts.values() for name in columns))
        rows = [["", *names]]
        for part, columns in self.parts.items():
            rows.append([part, *(number(columns[name]) if name in columns else "" for name in names)])
        if sum(max(10, len(name)) + 2 for name in names) + 5 > WIDTH:  # a row for each column of the history
            rows = [[short(cell, WIDTH - 3 * 12) for cell in column] for column in zip(*rows, strict=True)]
        return "\n".join([*lines, *(["", *_aligned(rows)] if names else [])])


def duration(seconds: float) -> str:
    """`2.31 s`, `4.2 ms`."""
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, the others to the right and ten characters wide at least."""
    first, *others = ([len(row[k]) for row in rows] for k in range(len(rows[0])))
    widths = [max(10, *lengths) for lengths in others]
    for row in rows:
        cells = "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths, strict=True))
        yield f"{row[0]:<{max(5, *first)}}{cells}"
