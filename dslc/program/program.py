"""A program: buffers with fixed places in one arena, and entries made of phases.

A phase is a set of calls whose outputs are disjoint and which read nothing that the phase writes; T
threads share a phase's tiles (tile t belongs to thread t % T) and meet at a barrier after it. A call may
follow the one before it tile by tile, and then reads what that tile has just written. Tiles, and
the order in which each output element is summed, come from shapes alone, so results do not depend on T.
Kernels carry no buffer, no offset and no extent: these are arguments of the call, so that equal kernels
are one compiled body within a program and across programs.

An entry computes on the rows `order[first : first + rows]` of the resident row sources: its first phase
fetches them into the arena. The loop around the entries (epochs, batches, validation, early stop) is
`program/machine.py`, the same for every model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from dslc.scalar.affine import Access
from dslc.scalar.body import Body, Combine
from dslc.scalar.types import DType, Extent, Stride
from dslc.source import Span


class Element(Enum):
    """A concrete element type of a buffer."""

    F32 = "float32"
    F64 = "float64"
    I64 = "int64"
    B8 = "bool"

    @property
    def bytes(self) -> int:
        return {Element.F32: 4, Element.F64: 8, Element.I64: 8, Element.B8: 1}[self]

    @property
    def dtype(self) -> DType:
        """What a body makes of it."""
        return {Element.I64: DType.INT, Element.B8: DType.BOOL}.get(self, DType.REAL)


class Region(Enum):
    """Who owns a buffer, and how long it lives."""

    PARAMETER = "parameter"  # trained; copied by `keep best`; saved
    STATE = "state"  # of the optimizer; saved
    SETTING = "setting"  # scalars that the host writes: settings
    CLOCK = "clock"  # scalars that the machine writes: iteration, progress, epoch, seed, rows
    ROW = "row"  # one batch of a row source, fetched by the first phase
    TOTAL = "total"  # sums over a part, float64, for metrics
    RESULT = "result"  # scalars or tensors that the machine or the host reads after an entry
    SCRATCH = "scratch"  # lives within one entry; places are shared by lifetime


ALIGNMENT = 64
"""Bytes of a cache line, and of the widest vector: every buffer starts on one, and a scalar has one to itself."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a buffer that holds `count` tensors of `shape` one after another, for as many steps.

    `first` of them come before it; within a loop over steps it `moves` on by one for each step.
    """

    shape: tuple[Extent, ...]
    count: int
    first: int
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Buffer:
    """One extent of `shape` may be ROWS; such a buffer has room for the capacity of the batch.

    Elements are in row-major order of the rows that are there.

    `offset` is in bytes from the arena's start, a multiple of ALIGNMENT. With a `slot` a call sees a part of it alone.
    """

    name: str
    element: Element
    shape: tuple[Extent, ...]
    region: Region
    offset: int
    span: Span
    slot: Slot | None = None


# --- kernels: no buffers, no extents --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoopKernel:
    """A loop nest of `rank` loops: the first `parallel` index the result, the others are reduced in order.

    Operand k has element `elements[k]` and rank `ranks[k]`, is read by the body's loads, and is row-major with
    extents given by the call. The result, of element `result`, is written at `where`, affine in the parallel
    indices. The call's tiles cut the first loop; without parallel loops there is one tile.
    """

    rank: int
    parallel: int
    elements: tuple[Element, ...]
    ranks: tuple[int, ...]
    body: Body
    combine: Combine | None
    result: Element
    result_rank: int
    where: Access

    @property
    def real(self) -> Element:
        """What the body's REAL values are computed in: F64 for a single point and where nothing is F32, else F32.

        Loads are converted to it. SUM, MAX and MIN accumulate in the result's element.
        """
        return Element.F32 if self.rank and Element.F32 in (*self.elements, self.result) else Element.F64


@dataclass(frozen=True, slots=True)
class MultiplyKernel:
    """`c[m, n] = sum over k of a[m * a_m + k * a_k] * b[k * b_k + n // PANEL * b_n + n % PANEL]` on register tiles.

    With e there are k * e points to sum over, k of them rows. A row-major right operand has b_n = PANEL, one in panels
    of so many columns b_k = PANEL. Strides, extents and the tile (a range of m) are arguments. Sums run over k in
    order, with fused multiply-add.
    """

    element: Element


class Lanes(Enum):
    """Along which loop a register's elements lie."""

    RESULT = "result"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Registers:
    """A contraction of two operands on register tiles: convolutions and their gradients.

    Its last two parallel loops are m, which the second operand does not look at, and n, which the first does not; the
    others are places. `lanes` is the loop n, which the second operand and the result walk along their last axis, or
    the last of the summed loops, which both operands do. `edges` are the axes, as (operand, axis), that an index may
    leave: each looks at places and at most one summed loop. Tiles cut the places, all loops of them as one, or `by_row`
    the first loop of several, which is that of rows.
    """

    lanes: Lanes
    edges: tuple[tuple[int, int], ...]
    by_row: bool = False


@dataclass(frozen=True, slots=True)
class ContractKernel:
    """Any contraction with affine accesses: the general case behind MultiplyKernel, as plain loops or on `registers`.

    Loops are ordered: first those that index the result, then the reduced ones. With `accumulate` the output access is
    affine as well: the result is zeroed first and one tile does all. An index that is a sum may leave its tensor: reads
    are 0 there and writes are dropped; one that is plainly a loop's stays inside, or is one of the `edges`.
    """

    element: Element
    rank: int
    parallel: int
    operands: tuple[Access, ...]
    out: Access
    accumulate: bool
    registers: Registers | None = None

    @property
    def places(self) -> int:
        """The number of place loops of a contraction on registers."""
        return self.parallel - 2

    @property
    def tiled(self) -> int:
        """The number of loops that tiles cut as one."""
        return 1 if self.registers is not None and self.registers.by_row else self.places

    @property
    def by_place(self) -> bool:
        """Do a place's results lie side by side, in the order of places?"""
        return all(axis.index == k for k, axis in enumerate(self.out[: self.places]))


@dataclass(frozen=True, slots=True)
class ScatterKernel:
    """`result[l, index[l, m, e], r] += value[l, m, e, r]` into zeros, m and e in order; tiles are columns of l * r."""

    element: Element


Kernel: TypeAlias = LoopKernel | MultiplyKernel | ContractKernel | ScatterKernel


# --- calls, phases, entries -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tiles:
    """The first loop has `extent` points, cut into tiles of `size`."""

    extent: Extent
    size: int


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel on buffers; `extents` are the kernel's loop extents (LoopKernel, ContractKernel) or
    (m, n, k) or (m, n, k, e) with `strides` (a_m, a_k, b_k, b_n) in elements (MultiplyKernel), or (l, n, m, e, r)
    (ScatterKernel).
    """

    kernel: Kernel
    operands: tuple[Buffer, ...]
    result: Buffer
    extents: tuple[Extent, ...]
    strides: tuple[Stride, ...]
    tiles: Tiles
    span: Span
    note: str  # what a reader of the generated source should know: `hidden.dense.w: gradient`
    follows: bool = False  # tile t comes after tile t of the call before it, and touches what that touches


@dataclass(frozen=True, slots=True)
class Fetch:
    """Copies rows of source number `source` (its element already the buffer's) into `result`, tiles over rows."""

    source: int
    result: Buffer


@dataclass(frozen=True, slots=True)
class Phase:
    calls: tuple[Call | Fetch, ...]

    @property
    def chains(self) -> tuple[tuple[Call | Fetch, ...], ...]:
        """The calls, each with those that follow it tile by tile."""
        chains: list[list[Call | Fetch]] = []
        for call in self.calls:
            if isinstance(call, Call) and call.follows and chains:
                chains[-1].append(call)
            else:
                chains.append([call])
        return tuple(map(tuple, chains))


@dataclass(frozen=True, slots=True)
class Repeat:
    """Phases that are done for each of `steps` steps, in `reverse` from the last to the first: a loop over time.

    Its phases fetch nothing.
    """

    steps: int
    reverse: bool
    phases: tuple[Phase, ...]
    span: Span
    note: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A function of the program: `train`, `evaluate`, `predict`, `gradients`, `finish`.

    `results` are the RESULT buffers it fills, by name.
    """

    name: str
    phases: tuple[Phase | Repeat, ...]
    results: Mapping[str, Buffer]

    @property
    def calls(self) -> Iterator[tuple[Call | Fetch, int]]:
        """All calls, those of loops too, and how often each is done."""
        for part in self.phases:
            if isinstance(part, Repeat):
                yield from ((call, part.steps) for phase in part.phases for call in phase.calls)
            else:
                yield from ((call, 1) for call in part.calls)


@dataclass(frozen=True, slots=True)
class Program:
    """Everything a backend prints. `capacity` is the number of rows that ROWS buffers have room for."""

    name: str
    real: Element
    capacity: int
    sources: tuple[str, ...]  # `input.NAME`, `target.NAME`, `weight`, `row`: row sources in the order of Fetch.source
    buffers: tuple[Buffer, ...]
    entries: Mapping[str, Entry]
    arena_bytes: int
