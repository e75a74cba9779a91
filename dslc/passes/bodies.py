"""Passes within loops: what one step of a scan computes is a graph, which the same passes make smaller.

All results of one loop keep one body, so that lowering finds them together. Operands that no step reads any more go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from dslc.graph.graph import Builder, Graph, Node, NodeId
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.scan import Scan

Pass: TypeAlias = Callable[[Graph], Graph]
Family: TypeAlias = tuple[Scan, tuple[NodeId, ...]]


def in_bodies(graph: Graph, passes: Sequence[Pass]) -> Graph:
    """The graph with the body of every scan rewritten by the passes in order."""
    loops: defaultdict[Family, dict[NodeId, None]] = defaultdict(dict)
    for node in graph.nodes:
        if isinstance(node.op, Scan):
            loops[node.op.family, node.inputs][node.op.result] = None
    if not loops:
        return graph
    found = {family: _rewritten(family[0], tuple(results), passes) for family, results in loops.items()}
    build, where = Builder(), dict[NodeId, NodeId]()
    for node in graph.nodes:
        build.origin = node.origin
        inputs = tuple(where[i] for i in node.inputs)
        if isinstance(node.op, Scan):
            scan, kept, results = found[node.op.family, node.inputs]
            where[node.id] = build.add(replace(scan, result=results[node.op.result]), *(inputs[k] for k in kept))
        else:
            where[node.id] = build.add(node.op, *inputs)
    return build.graph({name: where[output] for name, output in graph.outputs.items()})


def _rewritten(
    scan: Scan, results: Sequence[NodeId], passes: Sequence[Pass]
) -> tuple[Scan, tuple[int, ...], Mapping[NodeId, NodeId]]:
    """The scan anew, the operands that it still has, and where each result is now."""
    outputs = {f"state {k}": after for k, after in enumerate(scan.following)}
    outputs |= {f"result {result}": result for result in results}
    body = Graph(scan.body, outputs)
    for each in passes:
        body = each(body)
    read = {k for node in body.nodes if (k := scan.operand(node)) is not None}
    states = len(scan.following)
    kept = tuple(k for k in range(states + len(scan.stepped)) if k < states or k in read)
    nodes = tuple(_renumbered(node, scan, kept) for node in body.nodes)
    following = tuple(body.outputs[f"state {k}"] for k in range(states))
    stepped = tuple(scan.stepped[k - states] for k in kept if k >= states)
    where = {result: body.outputs[f"result {result}"] for result in results}
    return replace(scan, body=nodes, following=following, stepped=stepped, result=0), kept, where


def _renumbered(node: Node, scan: Scan, kept: Sequence[int]) -> Node:
    number = scan.operand(node)
    if number is None:
        return node
    return replace(node, op=Leaf(LeafRole.STEP, str(kept.index(number)), node.type))
