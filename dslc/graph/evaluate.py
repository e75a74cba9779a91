"""The meaning of a graph: every node's value in NumPy, REAL in float64.

Slow and obvious: the definition that passes, programs and backends are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslc.graph.graph import Array, Graph, NodeId


def evaluate(graph: Graph, leaves: Mapping[NodeId, Array], rows: int, of: Sequence[NodeId]) -> dict[NodeId, Array]:
    """The values of the nodes `of`; `leaves` gives those of leaves, `rows` is the extent of the batch axis.

    Raises ValueError for a leaf that is needed and not given.
    """
    wanted = set(of)
    for node in reversed(graph.nodes):
        if node.id in wanted and node.id not in leaves:
            wanted.update(node.op.used(node.inputs))
    values = dict(leaves)
    for node in graph.nodes:
        if node.id in wanted and node.id not in values:
            values[node.id] = node.op.evaluate([values[source] for source in node.op.used(node.inputs)], rows)
    return {node: values[node] for node in of}
