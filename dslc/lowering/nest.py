"""Loop nests in their smallest form, so that equal work on tensors of any rank is one kernel.

Loops and axes of extent 1 are dropped; neighbouring loops that walk neighbouring axes become one loop over
the flat tensor. Adam on a [784, 256] weight and on a [10] bias are then the same nest of one loop.

    over 784, 256: m[i0, i1] * 0.9 + g[i0, i1]   becomes   over 200704: m[i0] * 0.9 + g[i0]
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dslc.scalar.affine import Access, Affine
from dslc.scalar.body import Body, Combine, IndexOf, Load, Place, Taken, each_index, reindexed
from dslc.scalar.types import ROWS, Extent, Shape


@dataclass(frozen=True, slots=True)
class Nest:
    """A loop nest with the shapes it runs over: operands as the body's loads number them, and the result."""

    extents: Shape
    parallel: int
    body: Body
    combine: Combine | None
    shapes: tuple[Shape, ...]
    result: Shape
    where: Access


def smallest(nest: Nest) -> Nest:
    """The same values in the same places, in as few loops and axes as can be."""
    nest = _without_single_axes(_without_single_loops(nest))
    for outer in reversed(range(len(nest.extents) - 1)):
        nest = _merged(nest, outer) or nest
    return nest


def _without_single_loops(nest: Nest) -> Nest:
    kept = [k for k, extent in enumerate(nest.extents) if extent != 1]
    reduced = [k for k in kept if k >= nest.parallel]
    if nest.combine is Combine.ARGMAX and not reduced:
        kept.append(nest.parallel)  # its value is the index 0, not the body's

    def narrowed(a: Affine) -> Affine:
        return a.over(kept)

    parallel = sum(k < nest.parallel for k in kept)
    return replace(
        nest,
        extents=tuple(nest.extents[k] for k in kept),
        parallel=parallel,
        body=tuple(reindexed(i, lambda _, place: each_index(place, narrowed), narrowed) for i in nest.body),
        combine=nest.combine if parallel < len(kept) else None,
        where=tuple(map(narrowed, nest.where)),
    )


def _without_single_axes(nest: Nest) -> Nest:
    kept = [[axis for axis, extent in enumerate(shape) if extent != 1] for shape in nest.shapes]
    written = [axis for axis, extent in enumerate(nest.result) if extent != 1]

    def dropped(operand: int, place: Place) -> Place:
        return tuple(place[axis] for axis in kept[operand])

    return replace(
        nest,
        body=tuple(reindexed(i, dropped, lambda a: a) for i in nest.body),
        shapes=tuple(tuple(s[axis] for axis in axes) for s, axes in zip(nest.shapes, kept, strict=True)),
        result=tuple(nest.result[axis] for axis in written),
        where=tuple(nest.where[axis] for axis in written),
    )


def _merged(nest: Nest, outer: int) -> Nest | None:
    """The nest with loops `outer` and `outer + 1` as one, None where some access does not allow it."""
    first, second = nest.extents[outer], nest.extents[outer + 1]
    if first is ROWS or second is ROWS or outer + 1 == nest.parallel:
        return None
    places: list[list[Place]] = [[] for _ in nest.shapes]
    for instruction in nest.body:
        if isinstance(instruction, Load):
            places[instruction.operand].append(instruction.where)
        elif isinstance(instruction, IndexOf) and not _walks((instruction.where,), outer, second):
            return None
    places.append([nest.where])
    pairs: list[int | None] = []
    for shape, found in zip((*nest.shapes, nest.result), places, strict=True):
        pair = {_axis_pair(place, shape, outer, second) for place in found}
        if len(pair) > 1 or (pair == {None} and not all(_walks(place, outer, second) for place in found)):
            return None
        pairs.append(pair.pop() if pair else None)

    def joined(a: Affine) -> Affine:
        c = a.coefficients
        return Affine((*c[:outer], c[outer + 1], *c[outer + 2 :]), a.constant)

    def moved(operand: int, place: Place) -> Place:
        pair = pairs[operand]
        # Of a pair of axes the outer one goes: the inner's index, over the joined loop, is the flat one.
        return each_index(place if pair is None else (*place[:pair], *place[pair + 1 :]), joined)

    return replace(
        nest,
        extents=(*nest.extents[:outer], first * second, *nest.extents[outer + 2 :]),
        parallel=nest.parallel - (outer < nest.parallel),
        body=tuple(reindexed(i, moved, joined) for i in nest.body),
        shapes=tuple(_joined_axes(shape, pair) for shape, pair in zip(nest.shapes, pairs[:-1], strict=True)),
        result=_joined_axes(nest.result, pairs[-1]),
        where=tuple(a for a in moved(-1, nest.where) if isinstance(a, Affine)),
    )


def _axis_pair(place: Place, shape: Shape, outer: int, size: int) -> int | None:
    """The axis that loop `outer` alone walks, the next being walked whole by the next loop alone, and nothing else."""
    for axis in range(len(place) - 1):
        a, b = place[axis], place[axis + 1]
        if isinstance(a, Affine) and isinstance(b, Affine) and (a.index, b.index) == (outer, outer + 1):
            others = (*place[:axis], *place[axis + 2 :])
            return axis if shape[axis + 1] == size and not any(_uses(o, outer) for o in others) else None
    return None


def _uses(a: Affine | Taken, outer: int) -> bool:
    return isinstance(a, Affine) and bool(a.coefficients[outer] or a.coefficients[outer + 1])


def _walks(place: Place, outer: int, size: int) -> bool:
    """Is each index one of `size * i(outer) + i(outer + 1)`?"""
    return all(
        a.coefficients[outer] == size * a.coefficients[outer + 1] for a in place if isinstance(a, Affine)
    )  # what was taken stands in an instruction of its own


def _joined_axes(shape: Shape, pair: int | None) -> Shape:
    if pair is None:
        return shape
    return (*shape[:pair], _size(shape[pair]) * _size(shape[pair + 1]), *shape[pair + 2 :])


def _size(extent: Extent) -> int:
    if extent is ROWS:
        raise TypeError("the batch axis cannot be merged")
    return extent
