"""The most rows of a batch whose arena fits into a number of bytes.

More rows do not always take more bytes: first fit may find better places for larger tensors. So the search is not
a bisection alone. Buffers of batches that leave the same remainder (`_period`) grow linearly, and so does the
arena between two of them where first fit makes the same choices at both: each of its comparisons is then of two
linear functions and cannot change twice. What is alive at one time bounds every packing from below.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cache
from math import gcd

from dslc.lowering.plan import Layout, Life, aligned
from dslc.program.program import ALIGNMENT


def largest_capacity(whole: Layout, limit: int, most: int) -> int:
    """The largest capacity of 1 to `most` whose arena takes at most `limit` bytes; 0 if there is none."""
    packings = cache(whole.packings)

    def exceeds(capacity: int) -> bool:
        scratch = max((packing.bytes for packing in packings(capacity)), default=0)
        return whole.lasting_bytes(capacity) + scratch > limit

    def alike(low: int, high: int) -> bool:
        pairs = zip(packings(low), packings(high), strict=True)
        return all(one.choices == other.choices for one, other in pairs)

    ceiling = bisect_left(range(1, most + 1), True, key=lambda capacity: least_bytes(whole, capacity) > limit)
    found = bisect_left(range(1, ceiling + 1), True, key=exceeds)
    period = _period(whole)
    for highest in range(ceiling, max(0, ceiling - period), -1):
        larger = range(highest, found, -period)[::-1]
        found = _largest(larger, exceeds, alike) or found
    return found


def _largest(capacities: range, exceeds: Callable[[int], bool], alike: Callable[[int, int], bool]) -> int:
    """The largest of the capacities that does not exceed, 0 if all do; bytes grow between two that are alike."""
    pieces = [capacities] if capacities else []
    while pieces:
        piece = pieces.pop()
        if not exceeds(piece[-1]):
            return piece[-1]
        if alike(piece[0], piece[-1]):
            fitting = bisect_left(piece, True, key=exceeds)
            if fitting:
                return piece[fitting - 1]
        else:
            middle = len(piece) // 2
            pieces += [piece[:middle], piece[middle:]]
    return 0


def least_bytes(whole: Layout, capacity: int) -> int:
    """What no arena can be smaller than: what lasts, and of an entry all that is alive in one phase."""
    return whole.lasting_bytes(capacity) + max((_alive(lives, capacity) for lives in whole.scratch), default=0)


def _alive(lives: tuple[Life, ...], capacity: int) -> int:
    changes = [0] * (max((life.last for life in lives), default=0) + 2)
    for life in lives:
        size = aligned(life.draft.bytes(capacity))
        changes[life.first] += size
        changes[life.last + 1] -= size
    alive = most = 0
    for change in changes:
        alive += change
        most = max(most, alive)
    return most


def _period(whole: Layout) -> int:
    """Rows that take whole lines of memory in every buffer."""
    drafts = (*whole.lasting, *(life.draft for lives in whole.scratch for life in lives))
    line = ALIGNMENT
    for draft in drafts:
        line = gcd(line, draft.bytes(2) - draft.bytes(1))
    return ALIGNMENT // line
