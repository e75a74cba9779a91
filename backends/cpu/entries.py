"""Entries: straight lines of kernel calls on named places in the arena, in phases with a barrier after each.

    def dslc_train(thread, threads, place, arena, sources, order, first, rows):
        hidden_w = arena + 4096  # [64, 32] float32
        ...
        # digits.dsl:14  hidden.dense: product
        multiply_float32_1f2e3d4c5b(thread, threads, rows, 8, x, hidden_w, hidden, 32, 64, 64, 1, 32)
        barrier(threads, place)

Every thread makes every call; which tiles of it are a thread's own says tiles.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import assert_never

from dslc.program.program import (
    Buffer,
    Call,
    ContractKernel,
    Element,
    Entry,
    Fetch,
    LoopKernel,
    MultiplyKernel,
    Phase,
    Program,
    Repeat,
    ScatterKernel,
    Tiles,
)
from dslc.scalar.types import ROWS, Extent, extents_text, scaled, shape_text, stride
from dslc.source import Span

from .assembly import FIRST_TILE, WORD
from .contractions import contract_unit, scatter_unit
from .crew import BARRIER
from .host import Host
from .loops import POINTERS, first_extent, loop_unit
from .multiply import multiply_unit
from .names import Names, comment
from .tiles import tiled_unit
from .unit import CType, Signature, Unit
from .windows import window_unit

PARAMETERS = ("thread", "threads", "place", "arena", "sources", "order", "first", "rows")
BARRIER_CALL = "barrier(threads, place)"
_CALLED = ("barrier", "word", "first_tile", "tile", "step")
_FETCHED = 4096
"""Elements that one tile of a fetch copies, if a row is not longer."""


def entry_signature(name: str) -> Signature:
    """An entry is called by `threads` threads at once; `place` is the barrier's word; first and rows are numbers."""
    return Signature(f"dslc_{Names(()).add(name)}", tuple((parameter, CType.I64) for parameter in PARAMETERS))


@dataclass(frozen=True, slots=True)
class PrintedEntry:
    """An entry's unit and the kernels that it calls."""

    unit: Unit
    kernels: tuple[Unit, ...]


def print_entry(program: Program, entry: Entry, host: Host) -> PrintedEntry:
    printer = _Printer(program, host)
    lines = list(printer.body(entry))
    signature = entry_signature(entry.name)
    head = [signature.head, f"    # {comment(program.name)}: {comment(entry.name)}"]
    text = "\n".join([*head, *(f"    {line}" for line in (*printer.places(), *lines))]) + "\n"
    kernels = tuple(printer.kernels.values())
    calls = (BARRIER.signature, *(kernel.signature for kernel in kernels))
    return PrintedEntry(Unit(signature, text, (WORD, FIRST_TILE), calls), kernels)


def fetch_unit(element: Element) -> Unit:
    """Copies the source's rows order[first : first + extent]."""
    pointer = POINTERS[element]
    parameters = [
        ("first", CType.I64),
        ("width", CType.I64),
        ("order", CType.I64S),
        ("source", pointer),
        ("y", pointer),
    ]
    lines = [
        "for i in range(start, stop):",
        "    row = order[first + i] * width",
        "    for j in range(width):",
        "        y[i * width + j] = source[row + j]",
    ]
    return tiled_unit("fetch", parameters, lines)


def contraction_unit(call: Call, host: Host) -> Unit:
    """The kernel of a contraction: plain loops, or register tiles fit for the call's extents."""
    kernel = call.kernel
    assert isinstance(kernel, ContractKernel)
    if kernel.registers is None:
        return contract_unit(kernel)
    m, n = (
        extent if isinstance(extent, int) else None for extent in call.extents[kernel.parallel - 2 : kernel.parallel]
    )
    return window_unit(kernel, kernel.registers, m, n, host)


def call_tiles(call: Call) -> Tiles:
    """The call's tiles; one where no loop of it runs along the result."""
    kernel = call.kernel
    if isinstance(kernel, LoopKernel) and kernel.parallel == 0:
        return Tiles(1, 1)
    if isinstance(kernel, ContractKernel) and (kernel.accumulate or kernel.parallel == 0):
        return Tiles(1, 1)
    return call.tiles


@dataclass(slots=True)
class _Turn:
    """The thread's number less the tiles of a phase's earlier calls: a number, and names of run-time numbers."""

    number: int = 0
    names: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " - ".join(["thread", *self.names, *([str(self.number)] if self.number else [])])


@dataclass(slots=True)
class _Printer:
    program: Program
    host: Host
    kernels: dict[str, Unit] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names((*PARAMETERS, *_CALLED)))
    buffers: dict[tuple[int, str, int], tuple[str, Buffer]] = field(default_factory=dict)
    slots: dict[tuple[int, str, int], tuple[str, Buffer]] = field(default_factory=dict)
    counts: dict[int, str] = field(default_factory=dict)

    def body(self, entry: Entry) -> Iterator[str]:
        alone = False
        for number, part in enumerate(entry.phases):
            # Phases of one tile are the first thread's; between two of them nobody else has to wait.
            single = all(map(self._single, part.phases)) if isinstance(part, Repeat) else self._single(part)
            if number and not (alone and single):
                yield BARRIER_CALL
            alone = single
            yield from self._repeat(part, single) if isinstance(part, Repeat) else self._phase(part)
        yield BARRIER_CALL

    def _phase(self, phase: Phase) -> Iterator[str]:
        turn = _Turn()
        for chain in phase.chains:
            yield from self._chain(chain, turn) if len(chain) > 1 else self._call(chain[0], turn)

    def _repeat(self, repeat: Repeat, single: bool) -> Iterator[str]:
        """The loop over time; its slots get their addresses at the beginning of each step."""
        first, last, by = (repeat.steps - 1, -1, -1) if repeat.reverse else (0, repeat.steps, 1)
        inner: list[str] = []
        for phase in repeat.phases:
            inner += [*self._phase(phase), *([] if single else [BARRIER_CALL])]
        slots, self.slots = self.slots, {}
        yield f"# {comment(_line(repeat.span) + repeat.note)}: {repeat.steps} steps"
        yield f"for step in range({first}, {last}, {by}):"
        for name, buffer in slots.values():
            yield f"    {name} = {_address(buffer)}  # {_type(buffer)} {comment(buffer.name)}"
        yield from (f"    {line}" for line in inner)

    def places(self) -> Iterator[str]:
        """The lines that name buffers and numbers of tiles; complete after `body`."""
        for name, buffer in sorted(self.buffers.values(), key=lambda pair: pair[1].offset):
            yield f"{name} = {_address(buffer)}  # {_type(buffer)} {comment(buffer.name)}"
        for size, name in self.counts.items():
            yield f"{name} = (rows + {size - 1}) // {size}"

    def _single(self, phase: Phase) -> bool:
        if len(phase.chains) != 1 or not isinstance(call := phase.calls[0], Call):
            return False
        tiles = call_tiles(call)
        return tiles.extent is not ROWS and tiles.extent <= tiles.size

    def _chain(self, chain: Sequence[Call | Fetch], turn: _Turn) -> Iterator[str]:
        """Tile after tile of the thread's, all calls of each: the number of a tile is a turn among as many as tiles."""
        leader = chain[0]
        assert isinstance(leader, Call)
        tiles = call_tiles(leader)
        first, count = turn.text, self._count(tiles, turn)
        yield f"tile = first_tile({first}, threads)"
        yield f"while tile < {count}:"
        for call in chain:
            assert isinstance(call, Call)
            unit, arguments = self._kernel_call(call)
            own = f"{extents_text((call.tiles.extent,))}, {call.tiles.size}"
            yield f"    # {comment(_line(call.span) + call.note)}"
            yield f"    {unit.name}(tile, {count}, {own}, {arguments})"
        yield "    tile += threads"

    def _call(self, call: Call | Fetch, turn: _Turn) -> Iterator[str]:
        match call:
            case Fetch():
                buffer, width = call.result, prod(_static(e) for e in call.result.shape[1:])
                unit = self._kernel(fetch_unit(buffer.element))
                tiles = Tiles(ROWS, max(1, _FETCHED // max(1, width)))
                source = f"word(sources, {call.source})"
                yield f"# {comment(self.program.sources[call.source])}: rows of this batch"
                yield self._tiled(unit, tiles, f"first, {width}, order, {source}, {self._buffer(buffer)}", turn)
            case Call():
                unit, arguments = self._kernel_call(call)
                yield f"# {comment(_line(call.span) + call.note)}"
                yield self._tiled(unit, call_tiles(call), arguments, turn)
            case _:
                assert_never(call)

    def _tiled(self, unit: Unit, tiles: Tiles, arguments: str, turn: _Turn) -> str:
        text = f"{unit.name}({turn.text}, threads, {extents_text((tiles.extent,))}, {tiles.size}, {arguments})"
        self._count(tiles, turn)
        return text

    def _count(self, tiles: Tiles, turn: _Turn) -> str:
        """How many tiles there are; the turns after them begin behind."""
        if tiles.extent is not ROWS:
            count = -(-tiles.extent // tiles.size)
            turn.number += count
            return str(count)
        if tiles.size not in self.counts:
            self.counts[tiles.size] = self.names.add(f"tiles of {tiles.size}")
        turn.names.append(self.counts[tiles.size])
        return self.counts[tiles.size]

    def _kernel(self, unit: Unit) -> Unit:
        return self.kernels.setdefault(unit.name, unit)

    def _kernel_call(self, call: Call) -> tuple[Unit, str]:
        """The kernel's unit and its arguments after its share."""
        operands, result = [self._buffer(buffer) for buffer in call.operands], self._buffer(call.result)
        extents = [extents_text((extent,)) for extent in call.extents]
        match call.kernel:
            case LoopKernel():
                place = (call.result.offset, call.result.slot)
                same = frozenset(k for k, buffer in enumerate(call.operands) if (buffer.offset, buffer.slot) == place)
                unit = loop_unit(call.kernel, same)
                given = extents[first_extent(call.kernel) : call.kernel.rank]
                for k, (name, buffer) in enumerate(zip(operands, call.operands, strict=True)):
                    given += [] if k in same else [name, *_strides(buffer)]
                given += [result, *_strides(call.result)]
            case MultiplyKernel():
                unit = multiply_unit(call.kernel, self.host)
                summed = " * ".join(extents[2:])
                given = [*operands, result, extents[1], summed, *(str(stride) for stride in call.strides)]
            case ContractKernel():
                unit = contraction_unit(call, self.host)
                given = extents
                for name, buffer in zip((*operands, result), (*call.operands, call.result), strict=True):
                    given += [name, *(extents_text((extent,)) for extent in buffer.shape)]
            case ScatterKernel():
                unit = scatter_unit(call.kernel)
                given = [*extents[1:], *operands, result]
            case _:
                assert_never(call.kernel)
        return self._kernel(unit), ", ".join(given)

    def _buffer(self, buffer: Buffer) -> str:
        found = self.slots if buffer.slot and buffer.slot.moves else self.buffers
        key = (buffer.offset, buffer.name, buffer.slot.first if buffer.slot else -1)
        if key not in found:
            found[key] = (self.names.add(buffer.name), buffer)
        return found[key][0]


def _address(buffer: Buffer) -> str:
    """Where the buffer, or the slot of it, begins."""
    slot = buffer.slot
    if slot is None or not (slot.moves or slot.first):
        return f"arena + {buffer.offset}"
    number = f"(step + {slot.first})" if slot.moves and slot.first else "step" if slot.moves else str(slot.first)
    return f"arena + {buffer.offset} + {number} * {scaled(stride(slot.shape), buffer.element.bytes)}"


def _type(buffer: Buffer) -> str:
    return f"{shape_text(buffer.shape)} {buffer.element.value}"


def _line(span: Span) -> str:
    """`digits.dsl:14  `, nothing for what no model file wrote."""
    return f"{span.source.name.rsplit('/', 1)[-1]}:{span.line}  " if span.source.text else ""


def _static(extent: Extent) -> int:
    if extent is ROWS:
        raise ValueError("only the first axis of a buffer may be the batch")
    return extent


def _strides(buffer: Buffer) -> list[str]:
    """Row-major strides of all axes but the last."""
    return [str(stride(buffer.shape[axis:])) for axis in range(1, len(buffer.shape))]
