"""Phases: steps as early as their operands allow, many side by side, few barriers.

Receives steps in an order that may run as it stands. A step follows, by at least one barrier, whoever wrote
what it reads, and whoever reads or wrote what it writes. Steps that write parts of one result are disjoint
and may stand side by side.

No barrier is needed where a step's tile touches only what the same tile of the others touches: it follows them
tile by tile, in the thread that did theirs, while the tile is in the cache. So a bias and an activation follow the
product that they are of, and an optimizer the gradient of a weight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dslc.lowering.draft import AnyStep, FetchStep, RepeatStep, Step, View
from dslc.program.program import ContractKernel, LoopKernel, MultiplyKernel, Tiles
from dslc.scalar.affine import Affine
from dslc.scalar.body import Load, Taken, along_first
from dslc.scalar.types import ROWS, Shape, elements

Memory: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class _Chain:
    """Steps that go together tile by tile, in the phase `level`."""

    level: int
    steps: list[AnyStep]


@dataclass(slots=True)
class _Uses:
    """Who wrote a buffer, and who reads it: each step with its chain."""

    writes: list[tuple[AnyStep, _Chain]] = field(default_factory=list)
    reads: list[tuple[AnyStep, _Chain]] = field(default_factory=list)


def phases(steps: Sequence[AnyStep]) -> list[Sequence[AnyStep]]:
    """The steps by phase; those that follow another stand behind it, and a loop over time has a phase to itself."""
    uses: defaultdict[Memory, _Uses] = defaultdict(_Uses)
    chains: list[_Chain] = []
    for step in steps:
        before = list(_before(step, uses))
        level = 1 + max((chain.level for _, chain in before), default=-1)
        near = [(other, chain) for other, chain in before if chain.level == level - 1]
        follower = _follower(step, near)
        placed = follower or step
        if follower is not None:
            chain = near[0][1]
            chain.steps.append(follower)
        else:
            chain = _Chain(level, [step])
            chains.append(chain)
        for memory in _sources(placed):
            uses[memory].reads.append((placed, chain))
        for memory in _results(placed):
            uses[memory].writes.append((placed, chain))
    found: list[list[AnyStep]] = [[] for _ in range(1 + max((chain.level for chain in chains), default=-1))]
    for made in chains:
        found[made.level] += made.steps
    return [part for level in found for part in _apart(level)]


def _apart(level: Sequence[AnyStep]) -> Iterator[Sequence[AnyStep]]:
    """What stands side by side, and each loop over time by itself."""
    beside = [step for step in level if not isinstance(step, RepeatStep)]
    if beside:
        yield beside
    for step in level:
        if isinstance(step, RepeatStep):
            yield [step]


def _before(step: AnyStep, uses: defaultdict[Memory, _Uses]) -> Iterator[tuple[AnyStep, _Chain]]:
    """The earlier steps that the step has to come after."""
    results = _results(step)
    for memory in _sources(step) - results:
        yield from uses[memory].writes
    for result in results:
        yield from uses[result].reads
        for other, chain in uses[result].writes:
            if not (_part(step) and _part(other)):
                yield other, chain


def _sources(step: AnyStep) -> set[Memory]:
    match step:
        case Step():
            return {view.memory for view in step.operands}
        case RepeatStep():
            return {(view.draft.number, -1) for view in step.operands}
        case FetchStep():
            return set()


def _results(step: AnyStep) -> set[Memory]:
    if isinstance(step, RepeatStep):
        return {(view.draft.number, -1) for view in step.results}
    return {step.result.memory}


def _part(step: AnyStep) -> bool:
    return isinstance(step, Step) and step.part


# --- following tile by tile -----------------------------------------------------------------------


def _follower(step: AnyStep, near: Sequence[tuple[AnyStep, _Chain]]) -> Step | None:
    """The step cut as the chain that it can follow; None where there is none."""
    if not near or not isinstance(step, Step) or not isinstance(step.kernel, LoopKernel) or step.part:
        return None
    if step.kernel.parallel == 0 or any(chain is not near[0][1] for _, chain in near):
        return None
    sizes = {size for other, _ in near for size in _sizes(step, other)}
    if len(sizes) != 1 or None in sizes:
        return None
    size = sizes.pop()
    by_product = isinstance(leader := near[0][1].steps[0], Step) and not isinstance(leader.kernel, LoopKernel)
    if size is None or (size > step.tiles.size and not by_product):
        return None
    return replace(step, tiles=Tiles(step.tiles.extent, size), follows=True)


def _sizes(step: Step, other: AnyStep) -> Iterator[int | None]:
    """For each buffer between the two the tiles of `step` that touch just what the other's tiles touch."""
    if not isinstance(other, Step) or other.part or step.result.memory == other.result.memory:
        yield None
        return
    written, read = other.result.memory, step.result.memory
    for view in step.operands:
        if view.memory == written:
            yield _size(_row(step, view), _row(other, other.result), other)
    for view in other.operands:
        if view.memory == read:
            yield _size(_row(step, step.result), _row(other, view), other)


def _size(row: int | None, others: int | None, other: Step) -> int | None:
    """So many of `row` elements as the other's tile has of its own."""
    if row is None or others is None or (other.tiles.size * others) % row:
        return None
    return other.tiles.size * others // row


def _row(step: Step, view: View) -> int | None:
    """Elements of a view that one point of the first loop touches, side by side; None where they do not lie so."""
    match step.kernel:
        case MultiplyKernel():
            return _elements(view.shape) if view is step.result else None
        case ContractKernel() as kernel if kernel.registers is not None:
            return elements(view.shape[kernel.tiled :], 1) if view is step.result and kernel.by_place else None
        case LoopKernel(parallel=parallel, body=body, where=where) if parallel:
            operands = [k for k, operand in enumerate(step.operands) if operand is view]
            loads: list[Sequence[Affine | Taken]] = [
                i.where for i in body if isinstance(i, Load) and i.operand in operands
            ]
            places = [where] if view is step.result else loads
            counts = {along_first(place, step.extents) for place in places}
            count = counts.pop() if len(counts) == 1 else None
            first = step.extents[0]
            if count is None or (count > 1 and first is ROWS):
                return None
            return (
                count * _elements(view.shape) if view.shape[0] == (first if first is ROWS else count * first) else None
            )
        case _:
            return None


def _elements(shape: Shape) -> int:
    """Of one place along the first axis, for each row where the batch is last: a buffer's views all have it there."""
    return elements(shape[1:], 1)
