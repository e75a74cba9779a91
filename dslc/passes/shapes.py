"""Simplification of shapes: one rule per primitive, each moving work towards the smaller tensor.

Chains of shape operations become one; maps and sums pass through `expand`; a contraction of a single
operand is a sum, a transposition and an expansion.
"""

from __future__ import annotations

from math import prod

from dslc.graph.graph import Builder, NodeId, Op
from dslc.ops.contract import Contract
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice, Transpose, inverse
from dslc.passes.rewrite import Rule
from dslc.scalar.affine import Access
from dslc.scalar.functions import add, divide, multiply, negate
from dslc.scalar.types import ROWS, DType, Extent, Shape


def map_of_expands(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """f(expand(a), expand(b)) -> expand(f(a, b)), over the axes that either has."""
    if not isinstance(op, Map):
        return None
    shape = build.type(inputs[0]).shape
    axes: set[int] = set()
    for source in inputs:
        expand = build.nodes[source].op
        if not isinstance(expand, Expand):
            return None
        axes.update(expand.axes)
    if len(axes) == len(shape):
        return None
    kept = tuple(sorted(axes))
    return build.add(Expand(shape, kept), build.add(op, *(_narrowed(build, source, kept) for source in inputs)))


def _narrowed(build: Builder, node: NodeId, kept: tuple[int, ...]) -> NodeId:
    """An expanded node without the axes that are not `kept`; those that it repeats itself along."""
    expand = build.nodes[node]
    if not isinstance(expand.op, Expand):
        raise TypeError("only what is expanded can be narrowed")
    shape = tuple(expand.op.shape[axis] for axis in kept)
    return build.add(Expand(shape, tuple(kept.index(axis) for axis in expand.op.axes)), *expand.inputs)


def expand(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """The identity vanishes; expand of expand is one expand."""
    if not isinstance(op, Expand):
        return None
    if len(op.axes) == len(op.shape):
        return inputs[0]
    inner = build.nodes[inputs[0]]
    if isinstance(inner.op, Expand):
        return build.add(Expand(op.shape, tuple(op.axes[axis] for axis in inner.op.axes)), *inner.inputs)
    return None


def reshape(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """The identity vanishes; reshape of reshape is one; a constant is expanded to the new shape at once."""
    if not isinstance(op, Reshape):
        return None
    inner = build.nodes[inputs[0]]
    if inner.type.shape == op.shape:
        return inputs[0]
    if isinstance(inner.op, Reshape):
        return build.add(op, *inner.inputs)
    if isinstance(inner.op, Expand) and not inner.op.axes:
        return build.add(Expand(op.shape, ()), *inner.inputs)
    return None


def transpose(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """The identity vanishes; transpose of transpose is one; of expand it is an expand if the order is kept."""
    if not isinstance(op, Transpose):
        return None
    if op.order == tuple(range(len(op.order))):
        return inputs[0]
    inner = build.nodes[inputs[0]]
    match inner.op:
        case Transpose(order):
            return build.add(Transpose(tuple(order[axis] for axis in op.order)), *inner.inputs)
        case Expand(shape, axes):
            moved = tuple(inverse(op.order)[axis] for axis in axes)
            if list(moved) == sorted(moved):
                return build.add(Expand(tuple(shape[axis] for axis in op.order), moved), *inner.inputs)
    return None


def cut(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """Slices, pads and concatenations that change nothing vanish; repeated axes are sliced by repeating less."""
    inner = build.nodes[inputs[0]] if inputs else None
    if inner is None:
        return None
    if isinstance(op, Concat) and len(inputs) == 1:
        return inputs[0]
    if isinstance(op, Concat) and any(build.nodes[i].op == op for i in inputs):
        parts = [part for i in inputs for part in (build.nodes[i].inputs if build.nodes[i].op == op else (i,))]
        return build.add(op, *parts)
    if isinstance(op, Pad) and not any((*op.before, *op.after)):
        return inputs[0]
    if not isinstance(op, Slice):
        return None
    whole = [
        (start, stop, step) == (0, extent, 1)
        for start, stop, step, extent in zip(op.starts, op.stops, op.steps, inner.type.shape, strict=True)
    ]
    if all(whole):
        return inputs[0]
    if isinstance(inner.op, Expand) and all(whole[axis] for axis in inner.op.axes):
        return build.add(Expand(op.infer([inner.type]).shape, inner.op.axes), *inner.inputs)
    return None


def reduce(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """A reduction over nothing vanishes; sum of sum is one; what does not vary along the axes leaves the sum."""
    if not isinstance(op, Reduce):
        return None
    if not op.axes:
        return inputs[0]
    inner = build.nodes[inputs[0]]
    match inner.op:
        case Reduce(ReduceKind.SUM, axes) if op.kind is ReduceKind.SUM:
            kept = [axis for axis in range(len(axes) + len(inner.type.shape)) if axis not in axes]
            merged = sorted((*axes, *(kept[axis] for axis in op.axes)))
            return build.add(Reduce(op.kind, tuple(merged)), *inner.inputs)
        case Expand():
            return _reduced_repetition(build, op, inputs[0])
        case Map() if op.kind is ReduceKind.SUM:
            return _linear(build, op, inputs[0])
    return None


def _reduced_repetition(build: Builder, op: Reduce, node: NodeId) -> NodeId | None:
    """Repetition along a reduced axis: a factor under SUM, nothing under MAX and MIN. ROWS is no known factor."""
    inner = build.nodes[node]
    if not isinstance(inner.op, Expand):
        return None
    shape = inner.op.shape
    summed = op.kind is ReduceKind.SUM
    repeated = [axis for axis in op.axes if axis not in inner.op.axes and not (summed and shape[axis] is ROWS)]
    if not repeated:
        return None
    kept = tuple(axis for axis in range(len(shape)) if axis not in repeated)
    rest = tuple(kept.index(axis) for axis in op.axes if axis not in repeated)
    result = build.add(Reduce(op.kind, rest), _narrowed(build, node, kept))
    times = prod(extent for axis in repeated if (extent := shape[axis]) is not ROWS)
    if not summed or times == 1:
        return result
    type = build.type(result)
    factor = float(times) if type.dtype is DType.REAL else times
    return build.add(Map(multiply), result, filled(build, factor, type.shape, type.dtype))


def _linear(build: Builder, op: Reduce, node: NodeId) -> NodeId | None:
    """sum(-x) -> -sum(x), sum(x * expand(a)) -> sum(x) * a, sum(x / expand(a)) -> sum(x) / a, at any depth."""
    outside: list[tuple[Op, tuple[NodeId, ...]]] = []
    x = node
    while (split := _varying(build, x, op.axes)) is not None:
        outside.append((build.nodes[x].op, split[1:]))
        x = split[0]
    if not outside:
        return None
    kept = tuple(axis for axis in range(len(build.type(node).shape)) if axis not in op.axes)
    result = build.add(op, x)
    for function, factors in reversed(outside):
        result = build.add(function, result, *(_narrowed(build, factor, kept) for factor in factors))
    return result


def _varying(build: Builder, node: NodeId, axes: tuple[int, ...]) -> tuple[NodeId, ...] | None:
    """The operand of a linear map that varies along the axes, then the one that does not, if there is one."""
    found = build.nodes[node]
    if found.op == Map(negate):
        return found.inputs
    if found.op == Map(multiply) and _constant_along(build, found.inputs[0], axes):
        return found.inputs[::-1]
    linear = found.op in {Map(multiply), Map(divide)} and _constant_along(build, found.inputs[1], axes)
    return found.inputs if linear else None


def _constant_along(build: Builder, node: NodeId, axes: tuple[int, ...]) -> bool:
    expand = build.nodes[node].op
    return isinstance(expand, Expand) and not set(axes) & set(expand.axes)


def contract(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """Transposed operands are read in their own order; one operand alone is summed, transposed, expanded."""
    if not isinstance(op, Contract):
        return None
    for k, source in enumerate(inputs):
        inner = build.nodes[source]
        if isinstance(inner.op, Transpose):
            where = tuple(op.operands[k][axis] for axis in inverse(inner.op.order))
            operands = (*op.operands[:k], where, *op.operands[k + 1 :])
            others = (*inputs[:k], *inner.inputs, *inputs[k + 1 :])
            return build.add(Contract(op.extents, operands, op.out, op.shape), *others)
    return _single_operand(build, op, inputs[0]) if len(inputs) == 1 and op.plain else None


def _single_operand(build: Builder, op: Contract, x: NodeId) -> NodeId | None:
    read, written = _indices(op.operands[0]), _indices(op.out)
    exact = build.type(x).shape == _extents(op, read) and op.shape == _extents(op, written)
    if not exact or set(read) | set(written) != set(range(len(op.extents))):
        return None
    summed = tuple(axis for axis, loop in enumerate(read) if loop not in written)
    left = [loop for loop in read if loop in written]
    order = sorted(left, key=written.index)
    result = build.add(Reduce(ReduceKind.SUM, summed), x)
    result = build.add(Transpose(tuple(left.index(loop) for loop in order)), result)
    return build.add(Expand(op.shape, tuple(written.index(loop) for loop in order)), result)


def _indices(where: Access) -> list[int]:
    return [axis.index for axis in where if axis.index is not None]


def _extents(op: Contract, loops: list[int]) -> Shape:
    found: tuple[Extent, ...] = tuple(op.extents[loop] for loop in loops)
    return found


def join(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """A sum of parts that stand next to one another among zeros is the parts in a row: `pad(a) + pad(b)`.

    So the gradient of a tensor that is read in parts is written part by part.
    """
    if not isinstance(op, Map) or op.function is not add:
        return None
    first, second = (build.nodes[i] for i in inputs)
    for one, other in ((first, second), (second, first)):
        if isinstance(one.op, Pad) and isinstance(other.op, Pad):
            extents = build.type(one.inputs[0]).shape
            axis = _meeting(one.op, other.op, extents)
            if axis is not None:
                row = build.add(Concat(axis), one.inputs[0], other.inputs[0])
                after = (*one.op.after[:axis], other.op.after[axis], *one.op.after[axis + 1 :])
                return build.add(Pad(one.op.before, after), row)
    return None


def _meeting(one: Pad, other: Pad, extents: Shape) -> int | None:
    """The only axis along which two pads differ, and on which the other begins where the first ends."""
    differing = [
        axis
        for axis in range(len(extents))
        if (one.before[axis], one.after[axis]) != (other.before[axis], other.after[axis])
    ]
    axis = differing[0] if len(differing) == 1 else None
    extent = extents[axis] if axis is not None else ROWS
    if axis is None or extent is ROWS:
        return None
    return axis if one.before[axis] + extent == other.before[axis] else None


SHAPES: tuple[Rule, ...] = (map_of_expands, expand, reshape, transpose, cut, reduce, contract, join)
