"""Dead code: nodes that no output depends on go."""

from __future__ import annotations

from dslc.graph.graph import Builder, Graph, NodeId


def prune(graph: Graph) -> Graph:
    """The graph of what its outputs need, in the same order."""
    needed = reachable(graph)
    build = Builder()
    where: dict[NodeId, NodeId] = {}
    for node in graph.nodes:
        if node.id in needed:
            build.origin = node.origin
            where[node.id] = build.add(node.op, *(where[source] for source in node.inputs))
    return build.graph({name: where[output] for name, output in graph.outputs.items()})


def reachable(graph: Graph) -> set[NodeId]:
    """The nodes that some output depends on."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(node.inputs)
    return needed
