"""Contractions as kernels: a matrix product wherever the loops fall into three groups, else windows, else plain loops.

The loops of a two-operand contraction are M (left operand and result), N (right operand and result) and K
(both operands). Each group must be one stride apart in memory; an operand where it is not is copied first,
in an order that fits. The batch axis is a group of its own: only a number can be merged with a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from dslc.lowering.draft import Step, View
from dslc.lowering.loops import Target, contract_step, copy_step
from dslc.lowering.operands import Operand, loops_of, operands_of, packed
from dslc.lowering.panels import copied_in_panels, kept_in_panels, steps_into_panels, worth_copies
from dslc.lowering.tiles import column_tiles, multiply_tiles
from dslc.lowering.windows import window_steps
from dslc.ops.contract import Contract, contraction
from dslc.program.program import ContractKernel, MultiplyKernel
from dslc.scalar.affine import Access, access, identity
from dslc.scalar.panels import PANEL
from dslc.scalar.types import ROWS, Extent, Shape, Stride, elements, scaled, stride

FEW = 12
"""Columns of a result that are few: of sixteen lanes a quarter would be empty."""

WORTH = 1_000_000
"""Multiply-adds of a product that are worth another order of it."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The loops of a product, in the order of the result (M, N) and of summation (K)."""

    left: Operand
    right: Operand
    m: tuple[int, ...]
    n: tuple[int, ...]
    k: tuple[int, ...]


def contract_steps(op: Contract, operands: Sequence[View], target: Target) -> list[Step]:
    """The steps that compute the contraction into the target."""
    inside = _inside(op, operands)
    if inside and (groups := _groups(op, operands)) is not None:
        return _multiply(op, groups, target)
    if inside and (steps := steps_into_panels(op, operands, target)) is not None:
        return steps
    walked = _walked(op, operands)
    steps = window_steps(op, operands, walked, target)
    if steps is not None:
        return steps
    return [contract_step(op, operands, target)] if inside else _general(op, operands, walked, target)


def _inside(op: Contract, operands: Sequence[View]) -> bool:
    """Does every access walk its whole tensor?"""
    shapes = (*(view.shape for view in operands), op.shape)
    return op.plain and all(
        shape == tuple(op.extents[axis.index] for axis in where if axis.index is not None)
        for where, shape in zip((*op.operands, op.out), shapes, strict=True)
    )


def _groups(op: Contract, operands: Sequence[View]) -> Groups | None:
    """M, N and K, if the contraction is a matrix product; loops of extent 1 are left out."""
    out = loops_of(op, op.out)
    if len(operands) != 2 or not out:
        return None
    first, second = operands_of(op, operands)
    every = {k for k, extent in enumerate(op.extents) if extent != 1}
    if any((k in first.loops) + (k in second.loops) + (k in out) != 2 for k in every):
        return None
    left, right = _roles(op, first, second, out)
    m = tuple(k for k in out if k in left.loops)
    n = tuple(k for k in out if k in right.loops)
    shared = tuple(k for k in right.loops if k in left.loops)
    if out != m + n or any(_extent(op, group) is None for group in (m, n)):
        return None
    return Groups(left, right, m, n, shared)


def _roles(op: Contract, first: Operand, second: Operand, out: Sequence[int]) -> tuple[Operand, Operand]:
    """(left, right). A result with loops of one operand only may stand in either; best where it is contiguous."""
    if all(k in first.loops for k in out):
        first, second = second, first
    elif not all(k in second.loops for k in out):
        return (first, second) if out[0] in first.loops else (second, first)
    contiguous = second.loops[-len(out) :] == tuple(out) and not any(op.extents[k] is ROWS for k in out)
    return (first, second) if contiguous else (second, first)


def _extent(op: Contract, group: Sequence[int]) -> Extent | None:
    """The number of points of a group, None where the batch axis would have to be merged."""
    extents = [op.extents[k] for k in group]
    if ROWS in extents:
        return ROWS if len(extents) == 1 else None
    return prod(extent for extent in extents if extent is not ROWS)


def _summed(op: Contract, group: Sequence[int]) -> Shape:
    """How many points are summed: a number, rows, or rows times a number."""
    extents = [op.extents[k] for k in group]
    numbers = prod(extent for extent in extents if extent is not ROWS)
    return (numbers,) if ROWS not in extents else (ROWS,) if numbers == 1 else (ROWS, numbers)


def _multiply(op: Contract, groups: Groups, target: Target) -> list[Step]:
    m, n = (_extent(op, group) or 0 for group in (groups.m, groups.n))
    summed = _summed(op, groups.k)
    capacity = target.drafts.capacity
    if len(summed) == 1 and _few(m, n, *summed, target.usual):
        few = _few_columns(op, groups, (m, n, *summed), target)
        if few is not None:
            return few
    long = worth_copies(m, n, summed, target.usual)
    steps: list[Step] = []
    left = groups.left
    if not left.fits((groups.m, groups.k), target.result.element) or (long and left.stride(groups.k) != 1):
        left = packed(op, left, groups.m + groups.k, target, steps)
    right, of_right = _columns(op, groups, target, steps, long)
    strides = (left.stride(groups.m), left.stride(groups.k), *of_right)
    tiles = multiply_tiles(m, n, summed, capacity)
    kernel = MultiplyKernel(target.result.element)
    operands, result = (left.view, right), target.result.reshaped((m, n))
    return [*steps, Step(kernel, operands, result, (m, n, *summed), tiles, target.span, target.note, strides)]


def _columns(
    op: Contract, groups: Groups, target: Target, steps: list[Step], long: bool
) -> tuple[View, tuple[Stride, Stride]]:
    """The right operand, [k, n], contiguous along n, with its strides along k and from panel to panel."""
    right, depth = groups.right, stride(tuple(op.extents[loop] for loop in groups.k))
    if kept_in_panels(op, right, groups.k, groups.n) and right.view.element is target.result.element:
        return right.view, (PANEL, scaled(depth, PANEL))
    if long:
        copy = copied_in_panels(op, right, groups.k, groups.n, target, steps)
        return copy, (PANEL, scaled(depth, PANEL))
    contiguous = not groups.n or right.loops[-len(groups.n) :] == groups.n
    if not contiguous or not right.fits((groups.k, groups.n), target.result.element):
        right = packed(op, right, groups.k + groups.n, target, steps)
    return right.view, (right.stride(groups.k), PANEL)


def _few(m: Extent, n: Extent, k: Extent, usual: int) -> bool:
    """Has the result so few columns that they would leave most of a register empty?"""
    return n is not ROWS and n <= FEW and n > 1 and elements((m, n, k), usual) >= WORTH


def _few_columns(op: Contract, groups: Groups, extents: Shape, target: Target) -> list[Step] | None:
    """Lanes along the sum, or along the rows of a result that is turned afterwards, whichever the left operand is."""
    m, n, k = extents
    left, right = groups.left, groups.right
    steps: list[Step] = []
    if not left.fits((groups.m, groups.k), target.result.element):
        return None
    if left.stride(groups.m) == 1:
        return _turned(op, groups, extents, target)
    if left.stride(groups.k) == 1 and k is not ROWS:
        turned = packed(op, right, groups.n + groups.k, target, steps)
        views = (left.view.reshaped((m, k)), turned.view.reshaped((n, k)))
        dot = contraction(((0, 2), (1, 2)), (0, 1), extents)
        found = window_steps(dot, views, extents, replace(target, result=target.result.reshaped((m, n))))
        return None if found is None else [*steps, *found]
    return None


def _turned(op: Contract, groups: Groups, extents: Shape, target: Target) -> list[Step] | None:
    """The product with its operands and its result the other way round, then turned."""
    m, n, k = extents
    if not groups.right.fits((groups.k, groups.n), target.result.element):
        return None
    steps: list[Step] = []
    across = target.drafts.scratch(f"{target.result.draft.name}.turned", target.result.element, (n, m), target.span)
    strides = (groups.right.stride(groups.n), groups.right.stride(groups.k), groups.left.stride(groups.k), PANEL)
    views, tiles = (groups.right.view, groups.left.view), multiply_tiles(n, m, (k,), target.drafts.capacity)
    kernel = MultiplyKernel(target.result.element)
    steps.append(Step(kernel, views, across, (n, m, k), tiles, target.span, target.note, strides))
    steps.append(copy_step(across, access(2, 1, 0), replace(target, result=target.result.reshaped((m, n)))))
    return steps


def _general(op: Contract, operands: Sequence[View], walked: Shape, target: Target) -> list[Step]:
    """Plain loops: those that index the result first. It accumulates where a result's place is no plain index."""
    kept = [axis.index for axis in op.out if axis.index is not None]
    exact = op.walks_whole(walked)
    if not exact:
        kept = [k for k in range(len(op.extents)) if any(axis.coefficients[k] for axis in op.out)]
    loops = kept + [k for k in range(len(walked)) if k not in kept]

    def moved(where: Access) -> Access:
        return tuple(axis.over(loops) for axis in where)

    steps: list[Step] = []
    views = tuple(_converted(view, target, steps) for view in operands)
    extents = tuple(walked[k] for k in loops)
    kernel = ContractKernel(
        target.result.element, len(loops), len(kept), tuple(map(moved, op.operands)), moved(op.out), not exact
    )
    capacity = target.drafts.capacity
    first: Extent = extents[0] if exact and kept else 1
    tiles = column_tiles(first, elements(extents[1:], capacity), capacity)
    return [*steps, Step(kernel, views, target.result, extents, tiles, target.span, target.note)]


def _walked(op: Contract, operands: Sequence[View]) -> Shape:
    """The extents up to where a loop leaves an axis that it indexes plainly: beyond, every product is 0 or dropped.

    So a kernel has to look only at indices that are sums.
    """
    extents = list(op.extents)
    for where, shape in zip((*op.operands, op.out), (*(view.shape for view in operands), op.shape), strict=True):
        for axis, size in zip(where, shape, strict=True):
            loop = axis.index
            if loop is not None and size is not ROWS and (extent := extents[loop]) is not ROWS:
                extents[loop] = min(extent, size)
    return tuple(extents)


def _converted(view: View, target: Target, steps: list[Step]) -> View:
    """The view itself, or a copy of it with the result's element."""
    element = target.result.element
    if view.element is element:
        return view
    copy = target.drafts.scratch(f"{view.draft.name}.{element.value}", element, view.shape, target.span)
    steps.append(copy_step(view, identity(len(view.shape)), replace(target, result=copy)))
    return copy
