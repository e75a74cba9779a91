"""The greatest of what grows alike is made of the greatest: fewer values to compute, and a gradient for fewer.

    max over windows of max(x + b, 0)  ->  max((max over windows of x) + b, 0)

where b is the same all over a window: a convolution's bias and its relu are then those of the pooled values.
"""

from __future__ import annotations

from dataclasses import dataclass

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.contract import Contract
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand
from dslc.passes.pattern import constant
from dslc.passes.rewrite import rewrite
from dslc.scalar.affine import identity
from dslc.scalar.functions import add, maximum, minimum, subtract
from dslc.scalar.types import Shape


def extrema(graph: Graph) -> Graph:
    """The graph with sums and bounds behind the extrema that they do not change."""
    return rewrite(graph, (_behind,))


@dataclass(frozen=True, slots=True)
class _Windows:
    """What a reduction goes over: `x` as it is, or windows of it laid out by `view`."""

    x: NodeId
    view: Contract | None

    def of(self, build: Builder, x: NodeId) -> NodeId:
        return x if self.view is None else build.add(self.view, x)


def _behind(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if not isinstance(op, Reduce) or op.kind is ReduceKind.SUM or not op.axes:
        return None
    windows = _windows(build, inputs[0])
    inner = build.nodes[windows.x]
    if not isinstance(inner.op, Map):
        return None
    shape = op.infer([build.type(inputs[0])]).shape
    match inner.op.function:
        case function if function in (maximum, minimum):
            for x, bound in (inner.inputs, inner.inputs[::-1]):
                value = constant(build, bound)
                if value is not None:
                    extremum = build.add(op, windows.of(build, x))
                    return build.add(inner.op, extremum, filled(build, value, shape, build.type(x).dtype))
        case function if function in (add, subtract):
            for x, shift in (inner.inputs, inner.inputs[::-1])[: 2 if function is add else 1]:
                repeated = _repeated(build, shift, windows, op, shape)
                if repeated is not None:
                    return build.add(inner.op, build.add(op, windows.of(build, x)), repeated)
    return None


def _windows(build: Builder, node: NodeId) -> _Windows:
    view = build.nodes[node].op
    if isinstance(view, Contract) and len(view.operands) == 1 and view.out == identity(len(view.extents)):
        (x,) = build.nodes[node].inputs
        if view.shape == view.extents and view.inside([build.type(x).shape]):
            return _Windows(x, view)
    return _Windows(node, None)


def _repeated(build: Builder, node: NodeId, windows: _Windows, op: Reduce, shape: Shape) -> NodeId | None:
    """What is added, in the shape of the result; None where it varies along what is reduced."""
    expand = build.nodes[node].op
    if not isinstance(expand, Expand):
        return None
    axes: list[int] = []
    for axis in expand.axes:
        walked = axis if windows.view is None else windows.view.operands[0][axis].index
        if walked is None or walked in op.axes:
            return None
        axes.append(walked - sum(reduced < walked for reduced in op.axes))
    whole = build.type(build.nodes[node].inputs[0]).shape
    if axes != sorted(set(axes)) or tuple(shape[axis] for axis in axes) != whole:
        return None
    return build.add(Expand(shape, tuple(axes)), *build.nodes[node].inputs)
