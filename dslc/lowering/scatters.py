"""Scatters as steps: the scatter kernel, or for one into rows a loop over the result."""

from __future__ import annotations

from math import prod

from dslc.lowering.draft import Step, View
from dslc.lowering.loops import Target, scatter_step
from dslc.lowering.tiles import column_tiles
from dslc.ops.gather import ScatterAdd
from dslc.program.program import ScatterKernel
from dslc.scalar.types import ROWS, Extent, elements


def scatter_steps(op: ScatterAdd, index: View, value: View, target: Target) -> list[Step]:
    """The one step that adds `value` into zeros at `index`."""
    shared, taken, rest = op.shape[: op.shared], index.shape[op.shared :], op.shape[op.shared + 1 :]
    if ROWS in shared or value.element is not target.result.element:
        return [scatter_step(op, index, value, target)]
    capacity = target.drafts.capacity
    lead, n, tail = (elements(part, capacity) for part in (shared, op.shape[op.shared : op.shared + 1], rest))
    kernel = ScatterKernel(target.result.element)
    tiles = column_tiles(lead * tail, n + elements(taken, capacity), capacity)
    m: Extent = ROWS if ROWS in taken else 1
    extents = (lead, n, m, prod(extent for extent in taken if extent is not ROWS), tail)
    return [Step(kernel, (index, value), target.result, extents, tiles, target.span, target.note)]
