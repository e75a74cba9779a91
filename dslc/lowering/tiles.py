"""How a call's work is cut into tiles: by shapes and the batch's capacity alone, never by the thread count.

A tile is large enough to outweigh the cost of handing it out, and a call has few enough of them that their
loop costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dslc.program.program import Tiles
from dslc.scalar.body import Apply, Body
from dslc.scalar.types import Extent, Shape, elements

POINTS: Final = 4096
"""Loop points of average cost in a tile: about 2 us, against 0.06 us for a barrier."""

MOST_TILES: Final = 64
CACHE_LINE: Final = 64
"""Results side by side: at most 64 of them share a cache line, so that no two tiles write to one."""

MULTIPLY_ADDS: Final = 20_000
MULTIPLY_ROWS: Final = 8
MULTIPLY_TILES: Final = 16
MULTIPLY_RESULTS: Final = 32_768
"""Of a tile, at most: what follows the product, such as an update with its states, is then in the cache as well."""

PLACE_TILES: Final = 32
LINE_TILES: Final = 8
"""Of places of a window, at most as many tiles as the first; whole lines of them where at least as many as this."""

FAR: Final = 524_288
FAR_ROWS: Final = 64
"""A right operand of so many elements comes from far away: so many rows are worth the way."""


def loop_tiles(extents: Sequence[Extent], parallel: int, body: Body, capacity: int) -> Tiles:
    """Tiles of a loop nest's first loop; one tile where nothing is parallel."""
    if not parallel:
        return Tiles(1, 1)
    first = elements((extents[0],), capacity)
    points = elements(tuple(extents[1:]), capacity) * cost(body)
    size = max(_quotient(POINTS, max(points, 1)), _quotient(first, MOST_TILES))
    if parallel == 1:
        size = _quotient(size, CACHE_LINE) * CACHE_LINE
    return Tiles(extents[0], size)


def cost(body: Body) -> int:
    """A loop point's cost: 1 for up to four cheap instructions, 2 for each exp or the like."""
    applied = [instruction.function.cheap for instruction in body if isinstance(instruction, Apply)]
    return max(1, (applied.count(True) + 8 * applied.count(False)) // 4)


def multiply_tiles(m: Extent, n: Extent, k: Shape, capacity: int) -> Tiles:
    """Tiles of a product's rows, in whole register tiles; each reads all of the right operand."""
    work = max(1, elements((n, *k), capacity))
    rows = max(_quotient(MULTIPLY_ADDS, work), _quotient(elements((m,), capacity), MULTIPLY_TILES))
    rows = min(rows, max(MULTIPLY_ROWS, MULTIPLY_RESULTS // max(1, elements((n,), capacity))))
    if work >= FAR:
        rows = max(rows, FAR_ROWS)
    return Tiles(m, _quotient(rows, MULTIPLY_ROWS) * MULTIPLY_ROWS)


def column_tiles(columns: Extent, work: int, capacity: int) -> Tiles:
    """Tiles of independent columns that cost `work` points each."""
    size = max(_quotient(POINTS, max(work, 1)), _quotient(elements((columns,), capacity), MOST_TILES))
    return Tiles(columns, size)


def place_tiles(places: int, work: int, most: int) -> Tiles:
    """At most so many tiles of the places of a window, each of `work` multiply-adds on registers."""
    return Tiles(places, max(_quotient(MULTIPLY_ADDS, max(work, 1)), _quotient(places, most)))


def line_tiles(places: int, line: int, work: int) -> Tiles:
    """Tiles of whole lines of places, of two where they are many: what follows, as pooling does, reads by such."""
    tiles = place_tiles(places, work, PLACE_TILES)
    for lines in (2, 1):
        size = _quotient(tiles.size, lines * line) * lines * line
        if places % (lines * line) == 0 and places >= size * LINE_TILES:
            return Tiles(places, size)
    return tiles


def _quotient(whole: int, part: int) -> int:
    """Rounded up, and at least 1."""
    return max(1, -(-whole // part))
