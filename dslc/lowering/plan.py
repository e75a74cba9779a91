"""The memory plan: every buffer's place in the arena, known before anything runs.

Lasting buffers stand one after another in the order they were drafted, each from a multiple of 64 bytes.
Scratch lives from the first phase that writes it to the last that reads it; two that live in one phase never
overlap, others may, and the entries, which run one at a time, share all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dslc.diagnostics import ModelError
from dslc.lowering.draft import Draft, FetchStep, Step
from dslc.lowering.errors import TooMuchMemory
from dslc.program.program import ALIGNMENT, Region
from dslc.scalar.types import ROWS

BUDGET: Final = 2**36
"""Bytes a program may plan unless told otherwise: 64 GiB."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Offsets in bytes by the draft's number, and the arena's size."""

    offsets: Mapping[int, int]
    arena_bytes: int


def plan(
    drafts: Sequence[Draft],
    entries: Iterable[Sequence[Sequence[Step | FetchStep]]],
    capacity: int,
    budget: int = BUDGET,
) -> Plan:
    """Places all drafts. Raises ModelError if the arena would be larger than `budget` bytes."""
    offsets: dict[int, int] = {}
    end = 0
    for draft in drafts:
        if draft.region is not Region.SCRATCH:
            offsets[draft.number] = end
            end += aligned(draft.bytes(capacity))
    arena = end
    for phases in entries:
        places, size = _pack(_lifetimes(phases), capacity)
        offsets.update({number: end + place for number, place in places.items()})
        arena = max(arena, end + size)
    if arena > budget:
        raise ModelError([_too_much(drafts, arena, capacity, budget)])
    return Plan(offsets, arena)


def aligned(size: int) -> int:
    """`size` rounded up to the alignment; a tensor without elements still has a place."""
    return max(1, -(-size // ALIGNMENT)) * ALIGNMENT


@dataclass(slots=True)
class _Life:
    draft: Draft
    first: int
    last: int


def _lifetimes(phases: Sequence[Sequence[Step | FetchStep]]) -> list[_Life]:
    """The first and last phase of each scratch draft."""
    lives: dict[int, _Life] = {}
    for number, phase in enumerate(phases):
        for step in phase:
            for view in (step.result, *(step.operands if isinstance(step, Step) else ())):
                if view.draft.region is Region.SCRATCH:
                    lives.setdefault(view.draft.number, _Life(view.draft, number, number)).last = number
    return list(lives.values())


def _pack(lives: Iterable[_Life], capacity: int) -> tuple[dict[int, int], int]:
    """First fit, the largest first: offsets from the start of scratch, and its size."""
    placed: list[tuple[int, int, _Life]] = []
    size = 0
    for life in sorted(lives, key=lambda life: (-life.draft.bytes(capacity), life.first, life.draft.number)):
        needed = aligned(life.draft.bytes(capacity))
        start = 0
        for other_start, other_end, other in placed:
            apart = other.last < life.first or life.last < other.first
            if not apart and other_start < start + needed and start < other_end:
                start = other_end
        placed.append((start, start + needed, life))
        placed.sort(key=lambda entry: entry[:2])
        size = max(size, start + needed)
    return {life.draft.number: start for start, _, life in placed}, size


def _too_much(drafts: Sequence[Draft], needed: int, capacity: int, budget: int) -> TooMuchMemory:
    largest = max(drafts, key=lambda draft: draft.bytes(capacity))
    batched = sum(draft.bytes(capacity) for draft in drafts if ROWS in draft.shape)
    return TooMuchMemory(
        span=largest.span,
        needed=size_text(needed),
        allowed=size_text(budget),
        tensor=largest.name,
        size=size_text(largest.bytes(capacity)),
        batched=size_text(batched) if 2 * batched > needed else None,
    )


def size_text(size: int) -> str:
    """`1.5 GiB`."""
    value, unit = float(size), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.{0 if unit == 'bytes' else 1}f} {unit}"
