"""A batch is its rows and nothing else: what lies beyond them is never read, and how they are cut changes no bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dslc.backends import get_backend
from small_models import region_of, written

from differential.small import LIBRARY, rows_for
from dslc.driver import Compilation
from dslc.program.arena import view
from dslc.program.backend import Bytes
from dslc.program.program import Element, Program, Region
from dslc.runtime.rows import Rows, sources_of
from dslc.runtime.tensors import initial_values
from dslc.scalar.types import sized
from dslc.source import Source

PRESENT = 5
"""Rows of a last batch; there is room for 8, and 5 fill no vector."""

CLOCK = {"iteration": 1, "progress": 0, "rows": PRESENT, "seed": 4, "epoch": 0}
MODELS = (
    "dropout(30%)", "gelu", "prelu", "softmax", "hinge", "kl_divergence", "adamw(1e-2)",
    "cross_entropy + 1e-2 * l1(weights) + 1e-2 * l2(parameters)",
)  # fmt: skip


def compiled(name: str) -> Compilation:
    return Compilation.of_text(Source("small.dsl", LIBRARY[name]), Path())


def arena_of(program: Program, compilation: Compilation, byte: int) -> Bytes:
    """The memory before the first update, every bit that nobody wrote as in `byte`."""
    arena = np.full(program.arena_bytes, byte, np.uint8)
    values = initial_values(compilation.experiment, 4)
    for region in (Region.PARAMETER, Region.STATE):
        written(program, arena, region, values)
    written(program, arena, Region.CLOCK, {key: np.asarray(value) for key, value in CLOCK.items()})
    totals = {b.name: np.zeros(sized(b.shape, 0)) for b in program.buffers if b.region is Region.TOTAL}
    written(program, arena, Region.TOTAL, totals)
    return arena


def bits(program: Program, compilation: Compilation, rows: Rows, threads: int, byte: int) -> dict[str, bytes]:
    """Everything that an update and an evaluation of a partial batch leave behind."""
    executable, sources = get_backend("cpu").compile(program), sources_of(program, rows)
    arena, order = arena_of(program, compilation, byte), np.arange(rows.count)
    for entry in ("train", "evaluate"):
        executable.call(entry, arena, sources, order, 3, PRESENT, threads)
    results = {k: v for k, v in region_of(program, arena, Region.RESULT).items() if not k.startswith("finish")}
    found = {**region_of(program, arena, Region.PARAMETER), **region_of(program, arena, Region.STATE), **results}
    assert all(np.all(np.isfinite(value)) for value in found.values())
    return {name: value.tobytes() for name, value in found.items()}


@pytest.mark.parametrize("name", MODELS)
def test_rows_beyond_the_batch_are_never_read(name: str) -> None:
    """Where there is room for more rows lies once 0 and once NaN: it makes no difference, for any number of threads."""
    compilation = compiled(name)
    program = compilation.program(Element.F32, ("train", "evaluate", "finish"), 8)
    assert program.capacity > PRESENT
    rows = rows_for(compilation.experiment.schema)
    clean = bits(program, compilation, rows, 1, 0x00)
    for threads in (1, 2, 3):
        assert bits(program, compilation, rows, threads, 0xFF) == clean


@pytest.mark.parametrize("name", MODELS)
def test_predictions_do_not_depend_on_how_rows_are_cut(name: str) -> None:
    compilation = compiled(name)
    rows = rows_for(compilation.experiment.schema)
    program = compilation.program(Element.F32, ("predict",), 8)
    executable, sources = get_backend("cpu").compile(program), sources_of(program, Rows(rows.inputs))
    (place,) = {b.name: b for b in program.buffers if b.name == "predict.prediction.y"}.values()

    def predicted(size: int) -> bytes:
        arena = arena_of(program, compilation, 0xFF)
        parts = []
        for first in range(0, rows.count, size):
            count = min(size, rows.count - first)
            written(program, arena, Region.CLOCK, {"rows": np.asarray(count)})
            executable.call("predict", arena, sources, np.arange(rows.count), first, count, 2)
            parts.append(view(arena, place, count).tobytes())
        return b"".join(parts)

    assert {predicted(size) for size in (1, 3, 5, program.capacity)} == {predicted(7)}
