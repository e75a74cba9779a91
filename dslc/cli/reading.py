"""How long a table takes from its file into the training loop, beside polars and NumPy; see `dslc bench`.

Every repetition is a process of its own, from its start until the arrays are there; sides take turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dslc.cli.exits import say
from dslc.runtime.files import temporary_folder
from dslc.scalar.random import normal, stream_key, words

ROWS, COLUMNS = 1_000_000, 30
TARGET = "y"
SHARES = (70, 15, 15)

MODEL = f"""
data {{ csv "table.csv"; target {TARGET}; split {"/".join(map(str, SHARES))}; scale zscore }}
net {{ inputs | dense(16) | relu | dense(outputs) }}
loss squared_error
"""

PIECE = 10_000
"""Rows that are drawn and written at a time."""


@dataclass(frozen=True, slots=True)
class Side:
    """The best of some processes: seconds, those of its threads together, and the peak of resident bytes."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int

    def ratios(self, other: Side) -> tuple[float, float, float]:
        cpu = self.cpu_seconds / other.cpu_seconds
        return self.seconds / other.seconds, cpu, self.memory_bytes / other.memory_bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """`sides` are dslc, own (dslc without polars) and polars, as far as polars is installed."""

    rows: int
    columns: int
    file_bytes: int
    sides: Mapping[str, Side]

    def record(self) -> dict[str, object]:
        times = {name: round(side.seconds, 3) for name, side in self.sides.items()}
        cpu = {name: round(side.cpu_seconds, 3) for name, side in self.sides.items()}
        memory = {name: side.memory_bytes for name, side in self.sides.items()}
        table = {"rows": self.rows, "columns": self.columns, "file_bytes": self.file_bytes}
        return {"workload": "csv", **table, "seconds": times, "cpu_seconds": cpu, "memory_bytes": memory}

    def to_text(self) -> str:
        size = self.file_bytes / 2**20
        head = f"csv: {self.rows} rows x {self.columns} columns, {size:.0f} MB, to arrays for training"
        peer = self.sides.get("polars")
        lines = [head, f"{'':<20}{'seconds':>9}{'cpu s':>8}{'memory':>10}" + ("   ratios to polars" if peer else "")]
        for name, side in self.sides.items():
            line = f"{LABELS[name]:<20}{side.seconds:>9.2f}{side.cpu_seconds:>8.2f}{side.memory_bytes / 2**20:>7.0f} MB"
            if peer and name != "polars":
                line += "".join(f"{ratio:>6.2f}" for ratio in side.ratios(peer))
            lines.append(line)
        return "\n".join(lines)


LABELS = {"dslc": "dslc", "own": "dslc without polars", "polars": "polars and NumPy"}


def measure_reading(repetitions: int) -> Reading:
    """Writes the table and reads it as often as asked by each side, in turns."""
    sides = ("dslc", "own", "polars") if find_spec("polars") else ("dslc",)
    if len(sides) == 1:
        say("polars is not installed (`pip install 'dslc[polars]'`): dslc's own reader, and no peer")
    with temporary_folder("dslc-bench-") as folder:
        path = folder / "table.csv"
        write_table(path, ROWS, COLUMNS)
        taken: dict[str, list[Side]] = {side: [] for side in sides}
        for turn in range(repetitions):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                taken[side].append(_read(side, path))
        best = {side: _best(found) for side, found in taken.items()}
        return Reading(ROWS, COLUMNS, path.stat().st_size, best)


def write_table(path: Path, rows: int, columns: int) -> None:
    """Standard normal numbers of six digits, the same on every machine; the last column is the target."""
    line = ",".join(["%.6g"] * columns) + "\n"
    element = np.arange(columns)[None, :]
    with path.open("w", encoding="ascii") as file:
        file.write(",".join([*(f"x{k}" for k in range(1, columns)), TARGET]) + "\n")
        for start in range(0, rows, PIECE):
            row = np.arange(start, min(rows, start + PIECE))[:, None]
            numbers = np.asarray(normal(*words(stream_key(0, "bench csv"), row, element)))
            file.writelines(line % tuple(cells) for cells in numbers.tolist())


def _read(side: str, path: Path) -> Side:
    """It runs under -P: a checkout in the working directory must not stand before the dslc that is installed."""
    command = [sys.executable, "-P", "-m", "dslc.cli.bench_reading_start", side, str(path)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(process.returncode)  # the child has said why
    return Side(seconds, **json.loads(line))


def _best(found: list[Side]) -> Side:
    return Side(
        min(side.seconds for side in found),
        min(side.cpu_seconds for side in found),
        min(side.memory_bytes for side in found),
    )
