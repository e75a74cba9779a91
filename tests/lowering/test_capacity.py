"""The largest capacity that fits is the largest of all, whatever first fit makes of the sizes in between."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from dslc.lowering.capacity import largest_capacity, least_bytes
from dslc.lowering.draft import Draft
from dslc.lowering.plan import Layout, Life
from dslc.program.program import Element, Region
from dslc.scalar.types import ROWS
from dslc.source import BUILT_IN

MOST = 120


def random_layout(seed: int) -> Layout:
    """Buffers of all elements, with and without rows, alive in random phases of one or two entries."""
    draw = Random(seed)

    def draft(number: int, region: Region) -> Draft:
        element = draw.choice(list(Element))
        width = draw.choice([1, 2, 3, 5, 16, 17, 31, 64, 100])
        shape = draw.choice([(ROWS, width), (ROWS,), (draw.randrange(1, 60), width), (ROWS, width, 2)])
        return Draft(number, f"b{number}", element, shape, region, BUILT_IN)

    def life(number: int) -> Life:
        first = draw.randrange(12)
        return Life(draft(number, Region.SCRATCH), first, first + draw.randrange(5))

    lasting = tuple(draft(number, Region.STATE) for number in range(draw.randrange(3)))
    entries = (range(3, 3 + draw.randrange(4, 17)), range(20, 20 + draw.randrange(6)))
    return Layout(lasting, tuple(tuple(map(life, numbers)) for numbers in entries))


def arenas(layout: Layout) -> list[int]:
    """Bytes for 1, 2, ..., `MOST` rows."""
    return [
        layout.lasting_bytes(rows) + max(packing.bytes for packing in layout.packings(rows))
        for rows in range(1, MOST + 1)
    ]


@pytest.mark.parametrize("block", range(4))
def test_no_larger_capacity_fits(block: int) -> None:
    for seed in range(10 * block, 10 * block + 10):
        layout = random_layout(seed)
        sizes = arenas(layout)
        assert all(least_bytes(layout, rows) <= size for rows, size in enumerate(sizes, 1))
        for limit in Random(seed).sample([size + change for size in sizes for change in (0, -1)], 12):
            fitting = [rows for rows, size in enumerate(sizes, 1) if size <= limit]
            assert largest_capacity(layout, limit, MOST) == max(fitting, default=0), (seed, limit)


def test_first_fit_is_not_monotone() -> None:
    """Which is why a bisection alone would miss larger capacities."""
    sizes = [arenas(random_layout(seed)) for seed in range(40)]
    assert any(later < earlier for one in sizes for earlier, later in pairwise(one))
