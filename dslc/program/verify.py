"""The program's verifier: what backends rely on, checked once, before any of them prints a line.

Buffers stand inside the arena, aligned, and lasting ones apart. Within a phase no two calls write the same
place and none reads what another writes; a call may overwrite an operand only element by element. A scratch
buffer is read only between being written and being overwritten by whoever shares its place; every result is
written once. Liveness is followed through the entry, so the memory plan is checked, not trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from dslc.program.errors import BrokenProgram
from dslc.program.program import (
    ALIGNMENT,
    Buffer,
    Call,
    ContractKernel,
    Entry,
    Fetch,
    LoopKernel,
    MultiplyKernel,
    Phase,
    Program,
    Region,
    Slot,
    Tiles,
)
from dslc.program.verify_call import demand, verify_call
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.body import Load, Taken, along_first
from dslc.scalar.types import ROWS, Extent, elements

WRITABLE = {
    "train": {Region.PARAMETER, Region.STATE, Region.RESULT, Region.SCRATCH},
}
"""The regions that an entry's calls may write; without an entry here, results and scratch."""


def verify(program: Program) -> Program:
    """The same program; raises BrokenProgram at the first law that is broken."""
    demand(program.capacity >= 1, f"room for {program.capacity} rows")
    _buffers(program)
    known = {(buffer.region, buffer.name): buffer for buffer in program.buffers}
    for name, entry in program.entries.items():
        demand(name == entry.name, f"entry `{name}` calls itself `{entry.name}`")
        _entry(program, entry, known)
    return program


def _buffers(program: Program) -> None:
    names = [(buffer.region, buffer.name) for buffer in program.buffers]
    demand(len(set(names)) == len(names), "two buffers of one name")
    for buffer in program.buffers:
        demand(buffer.offset >= 0 and buffer.offset % ALIGNMENT == 0, f"`{buffer.name}` stands at {buffer.offset}")
        demand(_end(buffer, program) <= program.arena_bytes, f"`{buffer.name}` ends beyond the arena")
        demand(buffer.shape.count(ROWS) < 2, f"`{buffer.name}` has rows twice")
        demand(all(e is ROWS or e >= 0 for e in buffer.shape), f"`{buffer.name}` has a negative extent")
    lasting = sorted((b for b in program.buffers if b.region is not Region.SCRATCH), key=lambda b: b.offset)
    for before, after in pairwise(lasting):
        demand(_end(before, program) <= after.offset, f"`{before.name}` and `{after.name}` overlap")
    scratch = [b.offset for b in program.buffers if b.region is Region.SCRATCH]
    if scratch and lasting:
        demand(_end(lasting[-1], program) <= min(scratch), f"`{lasting[-1].name}` stands in scratch")


def _end(buffer: Buffer, program: Program) -> int:
    return buffer.offset + _elements(buffer, program) * buffer.element.bytes


def _elements(buffer: Buffer, program: Program) -> int:
    """Of the whole buffer that a slot is a part of."""
    slot = buffer.slot
    shape = buffer.shape if slot is None else (slot.count, *slot.shape)
    return elements(shape, program.capacity)


def _before_rows(buffer: Buffer) -> int | None:
    """How often its rows are there, one after another; None where it has none."""
    return elements(buffer.shape[: buffer.shape.index(ROWS)], 1) if ROWS in buffer.shape else None


def _overlap(a: Buffer, b: Buffer, program: Program) -> bool:
    if a.slot and b.slot and a.slot.moves and b.slot.moves and a.offset == b.offset:
        return a.slot.first == b.slot.first
    return a.offset < _end(b, program) and b.offset < _end(a, program)


# --- one entry ------------------------------------------------------------------------------------


class _Flow:
    """What holds a value as an entry runs: its scratch and rows, each from its write to its overwriting."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.alive: dict[tuple[Region, str], Buffer] = {}
        self.whole: dict[tuple[Region, str], int] = {}
        self.parts: dict[tuple[Region, str], int] = {}

    def read(self, buffer: Buffer) -> None:
        needs = buffer.region in {Region.SCRATCH, Region.ROW, Region.RESULT}
        demand(not needs or (buffer.region, buffer.name) in self.alive, f"`{buffer.name}` is read before it is written")

    def write(self, buffer: Buffer, whole: bool) -> None:
        key = (buffer.region, buffer.name)
        count = self.whole if whole else self.parts
        count[key] = count.get(key, 0) + 1
        if buffer.region is Region.SCRATCH:
            for other in [k for k, b in self.alive.items() if k != key and _overlap(b, buffer, self.program)]:
                del self.alive[other]
        self.alive[key] = buffer


def _entry(program: Program, entry: Entry, known: dict[tuple[Region, str], Buffer]) -> None:
    flow = _Flow(program)
    for number, part in enumerate(entry.phases):
        if isinstance(part, Phase):
            _whole_phase(program, entry, part, known, flow, str(number), 0)
            continue
        demand(part.steps >= 1, f"{entry.name}, phase {number}: a loop of {part.steps} steps")
        for inner, phase in enumerate(part.phases):
            _whole_phase(program, entry, phase, known, flow, f"{number}.{inner}", part.steps)
    for key, count in flow.whole.items():
        lasting = key[0] is not Region.SCRATCH
        demand(not lasting or count == 1, f"{entry.name}: `{key[1]}` is written {count} times")
    for name, buffer in entry.results.items():
        demand(buffer == known.get((buffer.region, buffer.name)), f"{entry.name}: result `{name}` is unknown")
        demand(buffer.region is Region.RESULT, f"{entry.name}: result `{name}` is {buffer.region.value}")
        demand((buffer.region, buffer.name) in flow.alive, f"{entry.name}: result `{name}` is never written")


def _whole_phase(
    program: Program, entry: Entry, phase: Phase, known: dict[tuple[Region, str], Buffer], flow: _Flow, number: str,
    steps: int,
) -> None:  # fmt: skip
    """A phase, within a loop over so many steps, 0 outside of one."""
    for position, call in enumerate(phase.calls):
        try:
            _call(program, call, known, number, steps)
        except BrokenProgram as fault:
            note = call.note if isinstance(call, Call) else f"fetch {call.result.name}"
            raise BrokenProgram(f"{entry.name}, phase {number}, call {position} ({note}): {fault}") from fault
    try:
        _phase(program, phase)
        _advance(entry, phase, flow)
    except BrokenProgram as fault:
        raise BrokenProgram(f"{entry.name}, phase {number}: {fault}") from fault


def _slot(buffer: Buffer, slot: Slot, steps: int) -> None:
    """The slots that a call sees, at all steps of its loop, are among those that there are."""
    demand(not slot.moves or steps > 0, f"a slot of `{buffer.name}` moves outside of a loop over time")
    seen, one = elements(buffer.shape, 1), elements(slot.shape, 1)
    last = slot.first + (steps - 1 if slot.moves else 0)
    demand(one > 0 and seen % one == 0, f"`{buffer.name}` is seen by parts of slots")
    demand(slot.first >= 0 and last + seen // one <= slot.count, f"`{buffer.name}` has no so many slots")


def _call(
    program: Program, call: Call | Fetch, known: dict[tuple[Region, str], Buffer], phase: str, steps: int
) -> None:
    for buffer in (call.result, *(call.operands if isinstance(call, Call) else ())):
        declared = known.get((buffer.region, buffer.name))
        demand(declared is not None, f"`{buffer.name}` is not among the buffers")
        if declared is not None:
            same = (buffer.offset, buffer.element) == (declared.offset, declared.element)
            demand(same, f"`{buffer.name}` stands elsewhere, or holds something else")
            sizes = [_elements(b, program) for b in (buffer, declared)]
            demand(sizes[0] == sizes[1], f"`{buffer.name}` has {sizes[0]} elements here, {sizes[1]} in all")
            if buffer.slot is not None:
                _slot(buffer, buffer.slot, steps)
                continue
            demand(
                _before_rows(buffer) == _before_rows(declared), f"`{buffer.name}` lost its rows, or has them elsewhere"
            )
    if isinstance(call, Call):
        verify_call(call, program.capacity)
        return
    demand(phase == "0", "rows are fetched by the first phase")
    demand(0 <= call.source < len(program.sources), f"no source {call.source}")
    demand(call.result.region is Region.ROW and call.result.shape[:1] == (ROWS,), "fetched into no batch of rows")


def _phase(program: Program, phase: Phase) -> None:
    """Writes of a phase are disjoint, and nobody reads them within it but who follows tile by tile."""
    chains = phase.chains
    for one, other in combinations(phase.calls, 2):
        if _overlap(one.result, other.result, program):
            demand(_apart(one, other), f"`{one.result.name}` and `{other.result.name}` are written at once")
    for number, chain in enumerate(chains):
        _chain(chain)
        for reader in chain:
            for k, operand in enumerate(reader.operands if isinstance(reader, Call) else ()):
                for position, writers in enumerate(chains):
                    for writer in writers:
                        if _overlap(operand, writer.result, program):
                            fits = isinstance(reader, Call) and _may_read(reader, k, writer, number == position)
                            demand(fits, f"`{operand.name}` is read while `{writer.result.name}` is written")


def _chain(chain: Sequence[Call | Fetch]) -> None:
    """What follows has a call before it, cut into as many tiles."""
    leader, *followers = chain
    demand(not (isinstance(leader, Call) and leader.follows), f"`{leader.result.name}` follows nothing")
    for follower in followers:
        cut = [_tiles(call.tiles) for call in (leader, follower) if isinstance(call, Call)]
        demand(len(cut) == 2 and cut[0] == cut[1], f"`{follower.result.name}` has other tiles than what it follows")


def _tiles(tiles: Tiles) -> tuple[Extent, int]:
    """How many there are: of so many rows each, or a number."""
    return (ROWS, tiles.size) if tiles.extent is ROWS else (-(-tiles.extent // tiles.size), 0)


def _may_read(reader: Call, operand: int, writer: Call | Fetch, together: bool) -> bool:
    """A call reads what the phase writes only in place, or tile by tile from its own chain."""
    if reader is writer:
        return _elementwise(reader, operand)
    return together and isinstance(writer, Call) and _tile_by_tile(reader, operand, writer)


def _tile_by_tile(reader: Call, operand: int, writer: Call) -> bool:
    """Does each tile of the reader touch just what the writer's same tile writes?

    The scheduler knows this too; a verifier that asked it would believe it.
    """
    buffer = reader.operands[operand]
    if (buffer.offset, buffer.element, buffer.slot is None) != (
        writer.result.offset, writer.result.element, writer.result.slot is None,
    ):  # fmt: skip
        return False
    kernel = reader.kernel
    if not isinstance(kernel, LoopKernel):
        return False
    places = [i.where for i in kernel.body if isinstance(i, Load) and i.operand == operand]
    read = _tile_elements(reader, buffer, places)
    match writer.kernel:
        case LoopKernel(where=where):
            written = _tile_elements(writer, writer.result, [where])
        case MultiplyKernel():
            written = writer.tiles.size * elements(writer.result.shape[1:], 1)
        case ContractKernel() as contraction if contraction.registers is not None and contraction.by_place:
            written = writer.tiles.size * elements(writer.result.shape[contraction.tiled :], 1)
        case _:
            return False
    return read is not None and read == written


def _tile_elements(call: Call, buffer: Buffer, places: Sequence[Sequence[Affine | Taken]]) -> int | None:
    """How many elements of the buffer, side by side, a loop's tile touches; None where they do not lie so."""
    counts = {along_first(place, call.extents) for place in places}
    count = counts.pop() if len(counts) == 1 else None
    extent = call.tiles.extent
    if count is None or call.extents[:1] != (extent,):
        return None
    if buffer.shape[0] != extent and (extent is ROWS or buffer.shape[0] != count * extent):
        return None
    return call.tiles.size * count * elements(buffer.shape[1:], 1)


def _apart(one: Call | Fetch, other: Call | Fetch) -> bool:
    """Do two loops write different parts of one buffer?"""
    boxes: list[list[tuple[int, Extent]]] = []
    for call in (one, other):
        if not isinstance(call, Call) or not isinstance(call.kernel, LoopKernel) or call.result != one.result:
            return False
        boxes.append(_box(call, call.kernel.where))
    return any(
        (end is not ROWS and end <= start) or (last is not ROWS and last <= first)
        for (first, end), (start, last) in zip(*boxes, strict=True)
    )


def _box(call: Call, where: Access) -> list[tuple[int, Extent]]:
    """For each axis of the result the first index written and the one after the last."""
    box: list[tuple[int, Extent]] = []
    for axis in where:
        extents = [call.extents[k] for k, c in enumerate(axis.coefficients) if c]
        if ROWS in extents:
            box.append((0, ROWS))
            continue
        high = axis.constant
        for c, extent in zip(axis.coefficients, call.extents, strict=True):
            high += c * (extent - 1) if c and extent is not ROWS else 0
        box.append((axis.constant, high + 1))
    return box


def _elementwise(call: Call, operand: int) -> bool:
    """Does the call read the operand only at the place that it writes?"""
    kernel = call.kernel
    if not isinstance(kernel, LoopKernel) or kernel.combine is not None or call.operands[operand] != call.result:
        return False
    loads = [i.where for i in kernel.body if isinstance(i, Load) and i.operand == operand]
    return all(where == kernel.where for where in loads)


def _advance(entry: Entry, phase: Phase, flow: _Flow) -> None:
    """Calls beside one another read what was there before the phase, one that follows what its chain has written."""
    for call in phase.calls:
        for operand in call.operands if isinstance(call, Call) and not call.follows else ():
            flow.read(operand)
    allowed = WRITABLE.get(entry.name, {Region.RESULT, Region.SCRATCH})
    for call in phase.calls:
        for operand in call.operands if isinstance(call, Call) and call.follows else ():
            flow.read(operand)
        demand(
            isinstance(call, Fetch) or call.result.region in allowed,
            f"`{call.result.name}`, {call.result.region.value}, is written",
        )
        flow.write(call.result, _is_whole(call))


def _is_whole(call: Call | Fetch) -> bool:
    """Does the call write all of its result? Parts are written by loops at an offset."""
    if call.result.slot is not None:
        return False
    if isinstance(call, Fetch) or not isinstance(call.kernel, LoopKernel):
        return True
    kernel: LoopKernel = call.kernel
    extents: Sequence[Extent] = call.extents[: kernel.parallel]
    return kernel.where == identity(kernel.rank)[: kernel.parallel] and tuple(extents) == call.result.shape
