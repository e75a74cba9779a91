"""Right operands in panels: copies of large ones, weights that are kept so, and results that become such weights.

What a register tile reads then lies side by side, and the next panel can be fetched while one is multiplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dslc.lowering.draft import Step, View
from dslc.lowering.loops import Target, copy_step
from dslc.lowering.operands import Operand, loops_of, operands_of, packed
from dslc.lowering.windows import window_steps
from dslc.ops.contract import Contract
from dslc.scalar.affine import Affine, access
from dslc.scalar.panels import PANEL
from dslc.scalar.types import ROWS, Extent, Shape, elements, number

LONG = 262_144
"""Elements of a right operand from which on it is copied in panels: what it is of then lies too far apart."""

STEPPED = 8
"""Rows at least that a sum over rows and steps is taken to have: few examples of a sequence are many places."""

OFTEN = 64
"""Rows of a product from which on such a copy is read often enough."""


def worth_copies(m: Extent, n: Extent, k: Shape, usual: int) -> bool:
    """Is a product worth copies of its operands in the order in which it reads them?"""
    whole = n is not ROWS and n % PANEL == 0
    rows = max(usual, STEPPED) if len(k) > 1 else usual
    return whole and elements((n, *k), rows) >= LONG and elements((m,), usual) >= OFTEN


def kept_in_panels(op: Contract, right: Operand, k: tuple[int, ...], n: tuple[int, ...]) -> bool:
    """Is the right operand [n // PANEL, k, PANEL] as it stands?"""
    return len(n) == 2 and op.extents[n[1]] == PANEL and right.loops == (n[0], *k, n[1])


def copied_in_panels(
    op: Contract, right: Operand, k: tuple[int, ...], n: tuple[int, ...], target: Target, steps: list[Step]
) -> View:
    """A copy of the right operand as [n // PANEL, *k, PANEL]."""
    if len(n) > 1:
        rows: Shape = tuple(op.extents[loop] for loop in k)
        columns = elements(tuple(op.extents[loop] for loop in n), 1)
        whole = packed(op, right, k + n, target, steps).view.reshaped((*rows, columns))
        right, n = Operand(whole, (*k, n[0])), n[:1]
    else:
        columns = number(op.extents[n[0]])
    shape = (columns // PANEL, *(op.extents[loop] for loop in k), PANEL)
    name = f"{right.view.draft.name}.panels"
    copy = target.drafts.scratch(name, target.result.element, shape, target.span)
    column, inner = Affine((PANEL, *(0 for _ in k), 1)), access(len(shape), *range(1, len(shape) - 1))
    read = tuple(column if loop == n[0] else inner[k.index(loop)] for loop in right.loops)
    steps.append(copy_step(right.view, read, replace(target, result=copy, note=f"{name} for {target.note}")))
    return copy


def steps_into_panels(op: Contract, operands: Sequence[View], target: Target) -> list[Step] | None:
    """A product of matrices whose result is [n // PANEL, m, PANEL], panel by panel; None for any other contraction.

    So what follows, as an update does, has whole panels in the cache.
    """
    out = loops_of(op, op.out)
    if len(operands) != 2 or len(out) != 3 or op.extents[out[2]] != PANEL:
        return None
    panel, m, column = out
    first, second = operands_of(op, operands)
    left, right = (first, second) if column in second.loops else (second, first)
    shared = tuple(k for k in left.loops if k != m)
    if set(left.loops) != {m, *shared} or set(right.loops) != {panel, *shared, column} or set(shared) & set(out):
        return None
    steps: list[Step] = []
    ordered = [
        operand if operand.loops == loops else packed(op, operand, loops, target, steps)
        for operand, loops in ((left, (m, *shared)), (right, (panel, *shared, column)))
    ]
    reads = tuple(access(len(op.extents), *operand.loops) for operand in ordered)
    product = Contract(op.extents, reads, op.out, op.shape)
    found = window_steps(product, [operand.view for operand in ordered], op.extents, target)
    return None if found is None else [*steps, *found]
