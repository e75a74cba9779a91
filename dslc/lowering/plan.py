"""The memory plan: every buffer's place in the arena, known before anything runs.

Lasting buffers stand one after another in the order they were drafted, each from a multiple of 64 bytes.
Scratch lives from the first phase that writes it to the last that reads it; two that live in one phase never
overlap, others may, and the entries, which run one at a time, share all of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dslc.diagnostics import ModelError
from dslc.lowering.draft import AnyStep, Draft, FetchStep, RepeatStep, Step, View
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


@dataclass(frozen=True, slots=True)
class Life:
    """A scratch draft from the first phase that writes it to the last that reads it."""

    draft: Draft
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Packing:
    """Scratch with places: offsets from its start by the draft's number, and its size.

    `choices` tell what first fit compared and found; two packings of the same lives with the same choices have the
    same shape.
    """

    places: Mapping[int, int]
    bytes: int
    choices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What needs a place in the arena, for any capacity: what lasts, and the scratch of each entry."""

    lasting: tuple[Draft, ...]
    scratch: tuple[tuple[Life, ...], ...]

    def lasting_bytes(self, capacity: int) -> int:
        return sum(aligned(draft.bytes(capacity)) for draft in self.lasting)

    def packings(self, capacity: int) -> list[Packing]:
        return [_pack(lives, capacity) for lives in self.scratch]


def layout(drafts: Sequence[Draft], entries: Iterable[Sequence[Sequence[AnyStep]]]) -> Layout:
    """All drafts; scratch lives where an entry's phases use it."""
    lasting = tuple(draft for draft in drafts if draft.region is not Region.SCRATCH)
    return Layout(lasting, tuple(tuple(_lifetimes(phases)) for phases in entries))


def plan(drafts: Sequence[Draft], whole: Layout, capacity: int, budget: int = BUDGET) -> Plan:
    """Places all drafts. Raises ModelError if the arena would be larger than `budget` bytes."""
    offsets: dict[int, int] = {}
    end = 0
    for draft in whole.lasting:
        offsets[draft.number] = end
        end += aligned(draft.bytes(capacity))
    arena = end
    for packing in whole.packings(capacity):
        offsets.update({number: end + place for number, place in packing.places.items()})
        arena = max(arena, end + packing.bytes)
    if arena > budget:
        raise ModelError([_too_much(drafts, arena, capacity, budget)])
    return Plan(offsets, arena)


def aligned(size: int) -> int:
    """`size` rounded up to the alignment; a tensor without elements still has a place."""
    return max(1, -(-size // ALIGNMENT)) * ALIGNMENT


def _lifetimes(phases: Sequence[Sequence[AnyStep]]) -> list[Life]:
    """The first and last phase of each scratch draft."""
    lives: dict[int, Life] = {}
    for number, phase in enumerate(phases):
        for step in phase:
            for view in _views(step):
                if view.draft.region is Region.SCRATCH:
                    first = lives[view.draft.number].first if view.draft.number in lives else number
                    lives[view.draft.number] = Life(view.draft, first, number)
    return list(lives.values())


def _views(step: AnyStep) -> Sequence[View]:
    """All that a step touches; a loop over time does so from its first to its last step."""
    match step:
        case Step():
            return (step.result, *step.operands)
        case FetchStep():
            return (step.result,)
        case RepeatStep():
            return (*step.results, *step.operands)


def _pack(lives: Iterable[Life], capacity: int) -> Packing:
    """First fit, the largest first."""
    ordered = sorted(lives, key=lambda life: (-life.draft.bytes(capacity), life.first, life.draft.number))
    placed: list[tuple[int, int, Life]] = []
    choices = [life.draft.number for life in ordered]
    for life in ordered:
        needed = aligned(life.draft.bytes(capacity))
        start = 0
        for other_start, other_end, other in placed:
            if other.last < life.first or life.last < other.first:
                continue
            below, above = start + needed <= other_start, other_end <= start
            if not (below or above):
                start = other_end
            choices.append(2 * below + above)
        place = bisect_right(placed, (start, start + needed), key=lambda entry: entry[:2])
        placed.insert(place, (start, start + needed, life))
        choices.append(place)
    size = max((end for _, end, _ in placed), default=0)
    return Packing({life.draft.number: start for start, _, life in placed}, size, tuple(choices))


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
