"""Reverse-mode differentiation, from graph to graph.

Receives any graph of primitives but fused loops; appends the gradients' nodes, which are ordinary primitives
again, so the result may be differentiated once more. A gradient node inherits the origin of the forward node
that it belongs to. Comparisons, whole numbers, indices and randomness end a path: they contribute nothing.

    loss = sum(w * w)  ->  gradient of w: expand(1) * w + expand(1) * w
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dslc.graph.graph import Builder, Graph, Node, NodeId, Role
from dslc.ops.map import Map, filled
from dslc.ops.scan import Scan, differentiate_scan
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
    loops: defaultdict[object, list[Node]] = defaultdict(list)
    for node in graph.nodes[: of + 1]:
        if isinstance(node.op, Scan):
            loops[node.op.family, node.inputs].append(node)
    for node in reversed(graph.nodes[: of + 1]):
        if isinstance(node.op, Scan):
            # The first result of a loop is the last to be reached: by then all gradients have arrived.
            results = loops[node.op.family, node.inputs]
            if node is not results[0]:
                continue
            members = [result for result in results if result.id in needed and result.id in gradients]
        else:
            members = [node] if node.id in needed and node.id in gradients else []
        if members:
            build.origin = node.origin.serving(Role.GRADIENT)
            _propagate(build, members, needed, gradients)
    for end in wrt:
        if end not in gradients:
            build.origin = graph.nodes[end].origin.serving(Role.GRADIENT)
            gradients[end] = filled(build, 0.0, graph.type(end).shape)
    return build.graph(graph.outputs), tuple(gradients[end] for end in wrt)


def _propagate(build: Builder, members: Sequence[Node], needed: set[NodeId], gradients: dict[NodeId, NodeId]) -> None:
    """Adds what a node, or some results of one loop, pass on to those of their inputs that need a gradient."""
    node = members[0]
    if not any(source in needed for source in node.inputs):
        return
    arrived = [gradients[member.id] for member in members]
    if isinstance(node.op, Scan):
        passed = differentiate_scan(build, members, arrived, differentiate)
    else:
        passed = node.op.gradient(build, node, arrived[0])
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
