"""Windows that were written into become windows that are read, so that fusion can compute them in place.

The gradient of reading `x[s * i + u]` writes there. With q and r the quotient and the remainder of a place by s,

    y[s * i + u] += x[i, u]   becomes   y[s * q + r] = sum over v of x[q - v, s * v + r]

which is one term where windows do not overlap, as in most pooling: then y is x with its axes in another order. What
is computed from y element by element is computed before (q, r) become one axis, which only a whole tensor can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.contract import Contract
from dslc.ops.map import Map
from dslc.ops.structure import Pad, Reshape, Slice
from dslc.passes.loop_body import before_reshape
from dslc.passes.rewrite import rewrite
from dslc.scalar.affine import Affine, identity
from dslc.scalar.types import ROWS, Extent, Shape


def windows(graph: Graph) -> Graph:
    """The graph without sums into windows of one operand, as far as a window's step or its dilation is 1."""
    return rewrite(graph, (_read_instead, _map_before_merging))


# --- written windows ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of the result, of `extent` places: `step * outer + dilation * inner + start`.

    `inner` is None where the axis is walked by one loop.
    """

    extent: Extent
    outer: int
    step: int
    inner: int | None
    dilation: int
    start: int

    @property
    def plain(self) -> bool:
        return self.inner is None and self.step == 1

    @property
    def parted(self) -> bool:
        """Do its places have a quotient and a remainder by the step?"""
        return self.step > 1


def _read_instead(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if not isinstance(op, Contract) or len(op.operands) != 1:
        return None
    order = [axis.index for axis in op.operands[0]]
    if None in order or len(set(order)) < len(op.extents) or build.type(inputs[0]).shape != _taken(op, order):
        return None
    axes = _axes(op)
    if axes is None or all(axis.plain and axis.start == 0 for axis in axes):
        return None
    return _Reading(build, op, axes).result(inputs[0], [k for k in order if k is not None])


def _taken(op: Contract, loops: Sequence[int | None]) -> Shape:
    return tuple(op.extents[k] for k in loops if k is not None)


def _axes(op: Contract) -> list[_Axis] | None:
    """The axes of the result; None where a loop is in none of them or in two, or a place has no quotient."""
    axes: list[_Axis] = []
    for where, extent in zip(op.out, op.shape, strict=True):
        loops = sorted((c, k) for k, c in enumerate(where.coefficients) if c)
        match loops:
            case [(step, outer)] if step > 0:
                axes.append(_Axis(extent, outer, step, None, 1, where.constant))
            case [(dilation, inner), (step, outer)] if dilation > 0:
                if dilation > 1 and step > 1:
                    return None
                axes.append(_Axis(extent, outer, step, inner, dilation, where.constant))
            case _:
                return None
    used = [k for axis in axes for k in (axis.outer, axis.inner) if k is not None]
    return axes if sorted(used) == list(range(len(op.extents))) else None


class _Reading:
    """The steps of one rewrite: inner loops of a parted axis are cut by its step, then places are read."""

    def __init__(self, build: Builder, op: Contract, axes: Sequence[_Axis]) -> None:
        self.build = build
        self.op = op
        self.axes = axes

    def result(self, x: NodeId, order: Sequence[int]) -> NodeId:
        merged = self.build.add(self._contraction(order), self._cut(x, order))
        places = _reshaped(self.build, merged, tuple(self._places(axis) for axis in self.axes))
        starts = tuple(self._skipped(axis) for axis in self.axes)
        if self.build.type(places).shape == self.op.shape:
            return places
        stops = tuple(
            axis.extent if axis.extent is ROWS else start + axis.extent
            for axis, start in zip(self.axes, starts, strict=True)
        )
        return self.build.add(Slice(starts, stops, (1,) * len(starts)), places)

    def _size(self, loop: int | None) -> int:
        extent = 1 if loop is None else self.op.extents[loop]
        if extent is ROWS:
            raise TypeError("the batch axis in a window")
        return extent

    def _terms(self, axis: _Axis) -> int:
        """Windows that may meet in one place."""
        return -(-self._size(axis.inner) // axis.step)

    def _first(self, axis: _Axis) -> int:
        """The quotient of the axis's first place."""
        return -axis.start // axis.step

    def _skipped(self, axis: _Axis) -> int:
        """Places between that of the first quotient and the axis's first."""
        return -axis.start - self._first(axis) * axis.step if axis.parted else 0

    def _quotients(self, axis: _Axis) -> int:
        assert axis.extent is not ROWS
        return (axis.extent - 1 - axis.start) // axis.step - self._first(axis) + 1

    def _places(self, axis: _Axis) -> Extent:
        return self._quotients(axis) * axis.step if axis.parted else axis.extent

    def _cut(self, x: NodeId, order: Sequence[int]) -> NodeId:
        """`x` with what is inside a parted axis as (term, remainder), behind zeros where it is too short.

        An outer loop without an inner one gets remainders of its own: only at the first one it has values.
        """
        single, padded, cut = list[Extent](), list[Extent](), list[Extent]()
        outer = {axis.outer: axis for axis in self.axes if axis.parted and axis.inner is None}
        inner = {axis.inner: axis for axis in self.axes if axis.parted}
        for loop in order:
            if loop in inner:
                axis = inner[loop]
                single.append(self._size(loop))
                padded.append(self._terms(axis) * axis.step)
                cut += [self._terms(axis), axis.step]
                continue
            ones = [self.op.extents[loop]]
            single += [*ones, 1] if loop in outer else ones
            padded += [*ones, outer[loop].step] if loop in outer else ones
            cut += [*ones, outer[loop].step] if loop in outer else ones
        x = _reshaped(self.build, x, tuple(single))
        if padded != single:
            after = (
                0 if long is ROWS or short is ROWS else long - short for long, short in zip(padded, single, strict=True)
            )
            x = self.build.add(Pad((0,) * len(single), tuple(after)), x)
        return _reshaped(self.build, x, tuple(cut))

    def _contraction(self, order: Sequence[int]) -> Contract:
        """Reads what is cut at every place; loops are the result's axes, then the terms that are summed."""
        extents: list[Extent] = []
        indices: dict[int, tuple[int, int | None]] = {}  # of an axis's outer loop: quotient or place, remainder
        for axis in self.axes:
            first = len(extents)
            extents += [self._quotients(axis), axis.step] if axis.parted else [axis.extent]
            indices[axis.outer] = first, first + 1 if axis.parted else None
        shape = tuple(extents)
        terms: dict[int, int] = {}
        for axis in self.axes:
            count = self._terms(axis) if axis.parted else self._size(axis.inner) if axis.inner is not None else 1
            if count > 1:
                terms[axis.outer] = len(extents)
                extents.append(count)
        rank = len(extents)
        read: dict[int, list[Affine]] = {}
        for axis in self.axes:
            place, remainder = indices[axis.outer]
            term = terms.get(axis.outer)
            shift = self._first(axis) if axis.parted else -axis.start
            of_outer = [int(k == place) - (axis.dilation if k == term else 0) for k in range(rank)]
            read[axis.outer] = [Affine(tuple(of_outer), shift)]
            rest = [identity(rank)[remainder]] if remainder is not None else []
            if axis.inner is None:
                read[axis.outer] += rest
            else:
                read[axis.inner] = [Affine(tuple(int(k == term) for k in range(rank))), *rest]
        return Contract(
            tuple(extents), (tuple(index for loop in order for index in read[loop]),), identity(rank)[: len(shape)], shape
        )


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
