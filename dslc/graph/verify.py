"""The graph's verifier, run after every stage that makes one.

What it promises to later stages: ids are positions, inputs come before, every type is what its primitive
infers, outputs exist, a leaf's role and name say which tensor it is.
"""

from __future__ import annotations

from dslc.graph.graph import Graph, Node
from dslc.ops.declared import DeclaredGradient
from dslc.ops.leaf import Leaf, LeafRole


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
        inferred = node.op.infer([graph.nodes[source].type for source in node.inputs])
    except (TypeError, ValueError, IndexError) as fault:
        raise BrokenGraph(f"{_name(node)}: {fault}") from fault
    if inferred != node.type:
        raise BrokenGraph(f"{_name(node)} is said to be {node.type} but is {inferred}")


def _check_leaves(graph: Graph) -> None:
    """A leaf is found by role and name, so these determine its type; placeholders are found by position."""
    found: dict[tuple[LeafRole, str], Node] = {}
    for node in graph.nodes:
        match node.op:
            case Leaf(LeafRole.GRADIENT):
                continue
            case Leaf(role, name):
                if found.setdefault((role, name), node).type != node.type:
                    raise BrokenGraph(f"{_name(node)} is {node.type}, but %{found[role, name].id} is the same leaf")
            case DeclaredGradient():
                placeholder = graph.nodes[node.inputs[1]].op
                if not isinstance(placeholder, Leaf) or placeholder.role is not LeafRole.GRADIENT:
                    raise BrokenGraph(f"{_name(node)} has no placeholder: %{node.inputs[1]} is no gradient leaf")


def _name(node: Node) -> str:
    return f"%{node.id} = {node.op.to_text()} ({node.origin.path or 'no path'} at {node.origin.span.place})"
