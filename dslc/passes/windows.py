"""Windows that were written into become windows that are read, so that every place is computed once, by itself.

The gradient of reading `x[s * i + u]` writes there. With q and r the quotient and the remainder of a place by s,

    y[s * i + u] += x[i, u]   becomes   y[s * q + r] = sum over v of x[q - v, s * v + r]

where what is read beyond x is 0. It is one term where windows do not overlap, as in most pooling: then y is x with
its axes in another order. The input gradient of a convolution becomes a convolution. What is computed from y element
by element is computed before (q, r) become one axis, which only a whole tensor can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.contract import Contract
from dslc.ops.map import Map
from dslc.ops.structure import Reshape, Slice
from dslc.passes.loop_body import before_reshape
from dslc.passes.rewrite import rewrite
from dslc.scalar.affine import Affine, identity
from dslc.scalar.types import ROWS, Extent, Shape


def windows(graph: Graph) -> Graph:
    """The graph without sums into windows, as far as a window's step or its dilation is 1."""
    return rewrite(graph, (_read_instead, _map_before_merging))


# --- written windows ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of the result, of `extent` places: `step * outer + dilation * inner + start`.

    `inner` is None where the axis is walked by one loop; `inner_extent` is then 1.
    """

    extent: Extent
    outer: int
    step: int
    inner: int | None
    inner_extent: int
    dilation: int
    start: int

    @property
    def parted(self) -> bool:
        """Do its places have a quotient and a remainder by the step?"""
        return self.step > 1

    @property
    def terms(self) -> int:
        """Windows that may meet in one place."""
        return -(-self.inner_extent // self.step)

    @property
    def first(self) -> int:
        """The quotient of the first place, as the outer loop counts it."""
        return -self.start // self.step

    @property
    def skipped(self) -> int:
        """Places between that of the first quotient and the first."""
        return -self.start - self.first * self.step

    @property
    def quotients(self) -> Extent:
        if self.extent is ROWS:
            return ROWS
        return (self.extent - 1 - self.start) // self.step - self.first + 1

    @property
    def places(self) -> Extent:
        """As many as its quotients have."""
        return self.quotients if self.quotients is ROWS else self.quotients * self.step


def _read_instead(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if not isinstance(op, Contract) or all(axis.index is not None for axis in op.out):
        return None
    axes = _axes(op)
    if axes is None or not all(_bounded(op, [build.type(k).shape for k in inputs], axis) for axis in axes):
        return None
    cut = build.add(_reading(op, axes), *inputs)
    places = _reshaped(build, cut, tuple(axis.places for axis in axes))
    if build.type(places).shape == op.shape:
        return places
    starts = tuple(axis.skipped for axis in axes)
    stops = tuple(ROWS if axis.extent is ROWS else axis.skipped + axis.extent for axis in axes)
    return build.add(Slice(starts, stops, (1,) * len(starts)), places)


def _axes(op: Contract) -> list[_Axis] | None:
    """The axes of the result; None where a loop is in two of them, or a place has no quotient."""
    axes: list[_Axis] = []
    for where, extent in zip(op.out, op.shape, strict=True):
        loops = [(k, c) for k, c in enumerate(where.coefficients) if c]
        match loops:
            case [(outer, step)] if step > 0:
                axes.append(_Axis(extent, outer, step, None, 1, 1, where.constant))
            case [first, second]:
                ways = [*_ways(op, where, extent, first, second), *_ways(op, where, extent, second, first)]
                if not ways:
                    return None
                axes.append(min(ways, key=lambda axis: axis.terms))
            case _:
                return None
    used = [k for axis in axes for k in (axis.outer, axis.inner) if k is not None]
    return axes if len(set(used)) == len(used) else None


def _ways(
    op: Contract, where: Affine, extent: Extent, outer: tuple[int, int], inner: tuple[int, int]
) -> Iterator[_Axis]:
    """The axis with these loops and their coefficients as outer and inner, if that can be."""
    (loop, step), (other, dilation) = outer, inner
    inner_extent = op.extents[other]
    if min(step, dilation) == 1 and inner_extent is not ROWS:
        yield _Axis(extent, loop, step, other, inner_extent, dilation, where.constant)


def _bounded(op: Contract, shapes: Sequence[Shape], axis: _Axis) -> bool:
    """Does reading go beyond some operand wherever the outer or the inner loop would leave its extent?"""

    def walked(loop: int) -> bool:
        pairs = (
            pair
            for operand, shape in zip(op.operands, shapes, strict=True)
            for pair in zip(operand, shape, strict=True)
        )
        return any(where.index == loop and size == op.extents[loop] for where, size in pairs)

    whole = axis.inner is None or axis.inner_extent == axis.terms * axis.step or walked(axis.inner)
    return whole and (axis.extent is ROWS or walked(axis.outer))


def _reading(op: Contract, axes: Sequence[_Axis]) -> Contract:
    """Loops are the result's axes, those by a step in two, then the terms, then the loops that were summed before."""
    extents: list[Extent] = []
    for axis in axes:
        extents += [axis.quotients, axis.step] if axis.parted else [axis.quotients]
    parallel = len(extents)
    extents += [axis.terms for axis in axes if axis.terms > 1]
    used = {k for axis in axes for k in (axis.outer, axis.inner)}
    rest = [k for k in range(len(op.extents)) if k not in used]
    extents += [op.extents[k] for k in rest]
    index = identity(len(extents))
    moved: list[Affine] = [index[0]] * len(op.extents)
    place, term = 0, parallel
    for axis in axes:
        weights = {place: 1}
        if axis.terms > 1:
            weights[term] = -axis.dilation
        if axis.parted and axis.inner is None:
            # The other remainders are not there: an index beyond the operand.
            weights[place + 1] = _beyond(op, axis)
        moved[axis.outer] = _affine(len(extents), weights, axis.first if axis.parted else -axis.start)
        if axis.inner is not None:
            parts = {term: axis.step if axis.parted else 1} if axis.terms > 1 else {}
            moved[axis.inner] = _affine(len(extents), parts | ({place + 1: 1} if axis.parted else {}), 0)
        place += 2 if axis.parted else 1
        term += axis.terms > 1
    for number, k in enumerate(rest):
        moved[k] = index[len(extents) - len(rest) + number]
    reads = tuple(tuple(where.compose(tuple(moved)) for where in operand) for operand in op.operands)
    return Contract(tuple(extents), reads, index[:parallel], tuple(extents[:parallel]))


def _beyond(op: Contract, axis: _Axis) -> int:
    extent = op.extents[axis.outer]
    assert extent is not ROWS and axis.quotients is not ROWS
    return extent + axis.quotients + max(0, -axis.first)


def _affine(rank: int, weights: dict[int, int], constant: int) -> Affine:
    return Affine(tuple(weights.get(k, 0) for k in range(rank)), constant)


# --- maps before merging --------------------------------------------------------------------------


def _map_before_merging(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """`f(reshape(x), y)` as `reshape(f(x, reshape(y)))` where only the second of the two reshapes costs nothing."""
    if not isinstance(op, Map):
        return None
    merged = build.type(inputs[0]).shape
    for node in inputs:
        if not isinstance(build.nodes[node].op, Reshape):
            continue
        (source,) = build.nodes[node].inputs
        whole = build.type(source).shape
        if _costs_nothing(whole, merged) or not _costs_nothing(merged, whole):
            continue
        given = (_reshaped(build, k, whole) for k in inputs)
        return build.add(Reshape(merged), build.add(op, *given))
    return None


def _costs_nothing(old: Shape, new: Shape) -> bool:
    return before_reshape(old, new, identity(len(new)), 0) is not None


def _reshaped(build: Builder, k: NodeId, shape: Shape) -> NodeId:
    """The node under a shape; what is a reshape of that shape already is its operand."""
    node = build.nodes[k]
    if node.type.shape == shape:
        return k
    if isinstance(node.op, Reshape) and build.type(node.inputs[0]).shape == shape:
        return node.inputs[0]
    return build.add(Reshape(shape), k)
