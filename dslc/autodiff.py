"""Reverse-mode differentiation, from graph to graph.

Receives any graph of primitives but fused loops; appends the gradients' nodes, which are ordinary primitives
again, so the result may be differentiated once more. A gradient node inherits the origin of the forward node
that it belongs to. Comparisons, whole numbers, indices and randomness end a path: they contribute nothing.

    loss = sum(w * w)  ->  gradient of w: expand(1) * w + expand(1) * w
"""

from __future__ import annotations

from collections.abc import Sequence

from dslc.graph.graph import Builder, Graph, Node, NodeId, Role
from dslc.ops.map import Map, filled
from dslc.scalar.functions import add
from dslc.scalar.types import DType


def differentiate(graph: Graph, of: NodeId, wrt: Sequence[NodeId]) -> tuple[Graph, tuple[NodeId, ...]]:
    """The graph with d of / d w appended for each w in `wrt`, and where they stand; zeros where no path leads.

    `of` is REAL; a tensor counts as the sum of its elements. Raises TypeError for `of` or a `wrt` that is
    not REAL, and for a fused loop on the way.
    """
    for end in (of, *wrt):
        if graph.type(end).dtype is not DType.REAL:
            raise TypeError(f"%{end} is {graph.type(end)}; gradients are of real tensors")
    build = Builder(graph)
    build.origin = graph.nodes[of].origin.serving(Role.GRADIENT)
    gradients = {of: filled(build, 1.0, graph.type(of).shape)}
    needed = _between(graph, wrt, of)
    for node in reversed(graph.nodes[: of + 1]):
        if node.id in needed and node.id in gradients:
            build.origin = node.origin.serving(Role.GRADIENT)
            _propagate(build, node, needed, gradients)
    for end in wrt:
        if end not in gradients:
            build.origin = graph.nodes[end].origin.serving(Role.GRADIENT)
            gradients[end] = filled(build, 0.0, graph.type(end).shape)
    return build.graph(graph.outputs), tuple(gradients[end] for end in wrt)


def _propagate(build: Builder, node: Node, needed: set[NodeId], gradients: dict[NodeId, NodeId]) -> None:
    """Adds what `node` passes on to those of its inputs that need a gradient."""
    if not any(source in needed for source in node.inputs):
        return
    passed = node.op.gradient(build, node, gradients[node.id])
    for source, gradient in zip(node.inputs, passed, strict=True):
        if gradient is not None and source in needed:
            present = gradients.get(source)
            gradients[source] = gradient if present is None else build.add(Map(add), present, gradient)


def _between(graph: Graph, wrt: Sequence[NodeId], of: NodeId) -> set[NodeId]:
    """The REAL nodes that depend on `wrt` and on which `of` depends, both ends included."""
    dependent = set(wrt)
    for node in graph.nodes:
        if node.type.dtype is DType.REAL and not dependent.isdisjoint(node.inputs):
            dependent.add(node.id)
    leading = {of}
    for node in reversed(graph.nodes[: of + 1]):
        if node.id in leading:
            leading.update(node.inputs)
    return dependent & leading
