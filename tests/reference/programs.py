"""Programs of one call, laid out by hand, and arrays in and out of their arenas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from dslc.backends.reference.backend import run_entry

from dslc.program.arena import NUMPY, buffer_bytes, view
from dslc.program.backend import Array
from dslc.program.program import Buffer, Call, Element, Entry, Kernel, Phase, Region, Tiles
from dslc.scalar.types import Extent, Shape, sized
from dslc.source import BUILT_IN

CAPACITY = 7


def buffer(name: str, element: Element, *shape: Extent) -> Buffer:
    return Buffer(name, element, tuple(shape), Region.SCRATCH, 0, BUILT_IN)


def call(
    kernel: Kernel, operands: Sequence[Buffer], result: Buffer, extents: Shape, strides: tuple[int, ...] = ()
) -> Call:
    return Call(kernel, tuple(operands), result, extents, strides, Tiles(1, 1), BUILT_IN, "")


def run_kernel(
    kernel: Kernel,
    operands: Sequence[tuple[Element, Shape, Array]],
    result: tuple[Element, Shape],
    extents: Shape,
    rows: int = CAPACITY,
    strides: tuple[int, ...] = (),
    start: Array | None = None,
) -> Array:
    """The result of one call. Operands are (element, shape, values); the arena is otherwise full of NaN."""
    placed: list[Buffer] = []
    offset = 0
    for number, (element, shape) in enumerate([*((e, s) for e, s, _ in operands), result]):
        placed.append(replace(buffer(f"x{number}", element, *shape), offset=offset))
        offset += -(-buffer_bytes(placed[-1], CAPACITY) // 64) * 64
    arena = np.full(offset // 8 + 8, np.nan).view(np.uint8)
    for place, (_, _, values) in zip(placed[:-1], operands, strict=True):
        view(arena, place, rows)[...] = values
    if start is not None:
        view(arena, placed[-1], rows)[...] = start
    phase = Phase((call(kernel, placed[:-1], placed[-1], extents, strides),))
    run_entry(Entry("predict", (phase,), {}), arena, (), np.arange(rows))
    return view(arena, placed[-1], rows).copy()


def values(draw: np.random.Generator, element: Element, *shape: Extent, rows: int = CAPACITY) -> Array:
    """Random numbers that the element holds exactly."""
    return draw.normal(size=sized(tuple(shape), rows)).astype(NUMPY[element])
