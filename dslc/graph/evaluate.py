"""The meaning of a graph: every node's value in NumPy, REAL in float64.

Slow and obvious: the definition that passes, programs and backends are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslc.graph.graph import Array, Graph, NodeId


def evaluate(graph: Graph, leaves: Mapping[NodeId, Array], rows: int, of: Sequence[NodeId]) -> dict[NodeId, Array]:
    """The values of the nodes `of`; `leaves` gives those of leaves, `rows` is the extent of the batch axis.

    A value is kept until its last reader has it, so that many rows need little memory. Raises ValueError for a leaf
    that is needed and not given.
    """
    wanted, last = set(of), dict.fromkeys(of, len(graph.nodes))
    for node in reversed(graph.nodes):
        if node.id in wanted and node.id not in leaves:
            wanted.update(node.op.used(node.inputs))
            last |= {source: node.id for source in node.op.used(node.inputs) if source not in last}
    values = dict(leaves)
    for node in graph.nodes:
        if node.id in wanted and node.id not in values:
            sources = node.op.used(node.inputs)
            values[node.id] = node.op.evaluate([values[source] for source in sources], rows)
            for source in {source for source in sources if last[source] == node.id}:
                del values[source]
    return {node: values[node] for node in of}
