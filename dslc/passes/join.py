"""Joining graphs by their leaves: a forward graph with every parameter, and updates on top of its gradients."""

from __future__ import annotations

from collections.abc import Mapping

from dslc.graph.graph import Builder, Graph, NodeId, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.scalar.types import DType


def with_parameters(graph: Graph, parameters: Mapping[str, tuple[int, ...]]) -> Graph:
    """The graph with a leaf for every parameter, given by name and shape, those included that no output depends on."""
    build = Builder(graph)
    present = real_leaves(graph, LeafRole.PARAMETER)
    for name, shape in parameters.items():
        if name not in present:
            build.add(Leaf(LeafRole.PARAMETER, name, TensorType(shape)))
    return build.graph(graph.outputs)


def real_leaves(graph: Graph, *roles: LeafRole) -> dict[str, NodeId]:
    """The real leaves of these roles by name, in the order in which they stand in the graph."""
    return {
        node.op.name: node.id
        for node in graph.nodes
        if isinstance(node.op, Leaf) and node.op.role in roles and node.type.dtype is DType.REAL
    }


def with_updates(graph: Graph, updates: Graph, gradients: Mapping[str, NodeId]) -> Graph:
    """The training step: `updates` on top of `graph`, its GRADIENT leaves replaced by gradients, its
    PARAMETER and CLOCK leaves by the ones that are there already."""
    present = {(node.op.role, node.op.name): node.id for node in graph.nodes if isinstance(node.op, Leaf)}
    replaced: dict[NodeId, NodeId] = {}
    for node in updates.nodes:
        if not isinstance(node.op, Leaf):
            continue
        if node.op.role is LeafRole.GRADIENT:
            replaced[node.id] = gradients[node.op.name]
        elif (node.op.role, node.op.name) in present:
            replaced[node.id] = present[node.op.role, node.op.name]
    build = Builder(graph)
    where = build.splice(updates, replaced)
    return build.graph({**graph.outputs, **{name: where[node] for name, node in updates.outputs.items()}})
