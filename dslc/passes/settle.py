"""Once everything is differentiated, `stop_gradient` and declared gradients are nothing but their values."""

from __future__ import annotations

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.declared import DeclaredGradient
from dslc.ops.stop import StopGradient
from dslc.passes.rewrite import rewrite


def settle(graph: Graph) -> Graph:
    """The graph without what only differentiation reads."""
    return rewrite(graph, (_value,))


def _value(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    return inputs[0] if isinstance(op, StopGradient | DeclaredGradient) else None
