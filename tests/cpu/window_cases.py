"""Contractions on register tiles by hand, and the check of them against their meaning.

Batches are smaller than their room, memory starts as bytes of all ones, and what lies beyond a result stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from programs import NUMPY, Arena, Array, call, compiled, memory, view

from dslc.ops.contract import Contract
from dslc.program.program import ContractKernel, Element, Lanes, Phase, Region, Registers
from dslc.program.verify import verify
from dslc.scalar.affine import Access, Affine
from dslc.scalar.types import ROWS, Extent, Shape, sized

TOLERANCE = {Element.F32: 1e-5, Element.F64: 1e-13}
"""Relative to the sum of the products' absolute values: each product and sum rounds once."""

ROW_COUNTS = (1, 7, 16, 17, 31, 33, 64)
"""Fewer than a register has lanes, as many, one more, one fewer than two registers, and so on."""

CAPACITY = 64
TILES = (1, 2, 3, 10**9)
PARTS = (1, 2, 5, 7, 11, 13, 16, 17)
"""Rows and columns of tiles: most leave a rest."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contraction of two operands; its last two parallel loops are m and n, one loop is over rows."""

    lanes: Lanes
    extents: Shape
    parallel: int
    reads: tuple[Access, Access]
    shapes: tuple[Shape, Shape]
    out: Access

    @property
    def shape(self) -> Shape:
        return tuple(self.extents[axis.index] for axis in self.out if axis.index is not None)

    def kernel(self, element: Element) -> ContractKernel:
        edges = tuple(
            (operand, axis)
            for operand in (0, 1)
            for axis, where in enumerate(self.reads[operand])
            if not where.stays(self.extents, self.shapes[operand][axis])
        )
        return ContractKernel(
            element, len(self.extents), self.parallel, self.reads, self.out, False, Registers(self.lanes, edges)
        )

    def expected(self, values: Sequence[Array], rows: int) -> tuple[Array, float]:
        """The meaning, and the scale of its rounding."""
        op = Contract(sized(self.extents, rows), self.reads, self.out, sized(self.shape, rows))
        absolute = op.evaluate([np.abs(value) for value in values], rows)
        return op.evaluate(values, rows), float(np.max(absolute, initial=0))


def check(case: Case, element: Element, counts: Sequence[int] = ROW_COUNTS) -> None:
    """Every row count and number of threads, all tiles of `TILES` beside one another."""
    place, kernel = Arena(CAPACITY), case.kernel(element)
    operands = [place.add(f"operand {k}", element, *s, region=Region.PARAMETER) for k, s in enumerate(case.shapes)]
    results = [place.add(f"result {k}", element, *case.shape) for k in range(len(TILES))]
    places = case.extents[: case.parallel - 2]
    tiled: Extent = ROWS if ROWS in places else int(np.prod(sized(places, 1), dtype=int))
    calls = (
        call(kernel, operands, result, case.extents, tile, tiled=tiled)
        for tile, result in zip(TILES, results, strict=True)
    )
    program = place.program(Phase(tuple(calls)), real=element)
    executable = compiled(verify(program))
    draw = np.random.default_rng(0)
    for rows in counts:
        arena, values = memory(program.arena_bytes), []
        arena[...] = 255
        for operand in operands:
            values.append(draw.normal(size=sized(operand.shape, rows)).astype(NUMPY[element]))
            view(arena, operand, rows)[...] = values[-1]
        before = arena.copy()
        expected, scale = case.expected(values, rows)
        found = []
        for threads in (1, 2, 3):
            arena[...] = before
            executable.call("predict", arena, [], np.arange(rows), 0, rows, threads)
            found += [view(arena, result, rows).copy() for result in results]
            for result in results:
                view(arena, result, rows).view(np.uint8)[...] = 255
            assert np.array_equal(arena, before), "written outside of the results"
        assert np.all(np.abs(found[0] - expected) <= TOLERANCE[element] * max(scale, 1e-30)), rows
        assert all(each.tobytes() == found[0].tobytes() for each in found), rows


# --- cases ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Axis:
    """A window along an axis: place p and tap u look at `step * p + dilation * u - pad` of `size`."""

    size: int
    taps: int
    places: int
    step: int
    dilation: int
    pad: int


def affine(rank: int, constant: int = 0, **weights: int) -> Affine:
    return Affine(tuple(weights.get(f"i{k}", 0) for k in range(rank)), constant)


def plain(rank: int, *loops: int) -> Access:
    return tuple(affine(rank, **{f"i{loop}": 1}) for loop in loops)


def window(rank: int, axis: Axis, place: int, tap: int) -> Affine:
    return affine(rank, -axis.pad, **{f"i{place}": axis.step, f"i{tap}": axis.dilation})


def values_of_a_convolution(axes: Sequence[Axis], filters: int, channels: int | None) -> Case:
    """Lanes along the result: x[window.., c, rows] * k[taps.., c, f] to y[places.., f, rows]; c may be missing."""
    count = len(axes)
    m, n, first = count, count + 1, count + 2
    rank = first + count + (channels is not None)
    taps = range(first, first + count)
    inner = () if channels is None else (rank - 1,)
    extents = (
        *(a.places for a in axes),
        filters,
        ROWS,
        *(a.taps for a in axes),
        *(() if channels is None else (channels,)),
    )
    look = tuple(window(rank, axis, k, first + k) for k, axis in enumerate(axes))
    depth = () if channels is None else (channels,)
    return Case(
        Lanes.RESULT, extents, count + 2, (plain(rank, *taps, *inner, m), (*look, *plain(rank, *inner, n))),
        ((*(a.taps for a in axes), *depth, filters), (*(a.size for a in axes), *depth, ROWS)),
        plain(rank, *range(count), m, n),
    )  # fmt: skip


def gradient_of_taps(axes: Sequence[Axis], channels: int, filters: int) -> Case:
    """Lanes along the sum: x[window.., c, rows] * g[places.., f, rows] to w[taps.., c, f], summed over places, rows."""
    count = len(axes)
    m, n, first = count, count + 1, count + 2
    rank = first + count + 1
    look = tuple(window(rank, axis, first + k, k) for k, axis in enumerate(axes))
    places = range(first, first + count)
    extents = (*(a.taps for a in axes), channels, filters, *(a.places for a in axes), ROWS)
    return Case(
        Lanes.SUM, extents, count + 2, ((*look, *plain(rank, m, rank - 1)), plain(rank, *places, n, rank - 1)),
        ((*(a.size for a in axes), channels, ROWS), (*(a.places for a in axes), filters, ROWS)),
        plain(rank, *range(count), m, n),
    )  # fmt: skip


def random_axis(draw: np.random.Generator) -> Axis:
    """Any size, so that places are cut at either edge, whole, or not at all."""
    size, taps = int(draw.choice([1, 2, 3, 5, 7, 11])), int(draw.choice([1, 2, 3, 5]))
    step, dilation, pad = (int(draw.integers(low, 4)) for low in (1, 1, 0))
    places = int(draw.choice([1, 2, 3, 5, 7]))
    return Axis(size, taps, places, step, min(dilation, 2), pad)
