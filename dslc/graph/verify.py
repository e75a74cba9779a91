"""The graph's verifier, run after every stage that makes one.

What it promises to later stages: ids are positions, inputs come before, every type is what its primitive
infers, outputs exist, a leaf's role and name say which tensor it is.
"""

from __future__ import annotations

from dslc.graph.graph import Graph, Node


class BrokenGraph(AssertionError):
    """A graph that a stage built wrongly: a bug in dslc; the message names the node."""


def verify(graph: Graph) -> Graph:
    """The same graph; raises BrokenGraph at the first node that breaks a law."""
    for position, node in enumerate(graph.nodes):
        if node.id != position:
            raise BrokenGraph(f"node at {position} calls itself %{node.id}")
        _check(graph, node)
    _check_leaves(graph)
    for name, output in graph.outputs.items():
        if not 0 <= output < len(graph.nodes):
            raise BrokenGraph(f"output `{name}` is %{output}, which does not exist")
        if not name:
            raise BrokenGraph(f"output %{output} has no name")
    return graph


def _check(graph: Graph, node: Node) -> None:
    for source in node.inputs:
        if not 0 <= source < node.id:
            raise BrokenGraph(f"{_name(node)} reads %{source}, which does not come before it")
    try:
        sources = [graph.nodes[source] for source in node.inputs]
        inferred = node.op.infer([source.type for source in sources])
        found = node.op.fault(sources)
    except (TypeError, ValueError, IndexError) as fault:
        raise BrokenGraph(f"{_name(node)}: {fault}") from fault
    if found is not None:
        raise BrokenGraph(f"{_name(node)}: {found}")
    if inferred != node.type:
        raise BrokenGraph(f"{_name(node)} is said to be {node.type} but is {inferred}")


def _check_leaves(graph: Graph) -> None:
    """What a leaf is found by determines its type."""
    found: dict[str, Node] = {}
    for node in graph.nodes:
        key = node.op.key
        if key is not None and found.setdefault(key, node).type != node.type:
            raise BrokenGraph(f"{_name(node)} is {node.type}, but %{found[key].id} is {found[key].type}")


def _name(node: Node) -> str:
    return f"%{node.id} = {node.op.to_text()} ({node.origin.path or 'no path'} at {node.origin.span.place})"
