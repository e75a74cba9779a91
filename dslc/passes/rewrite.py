"""Rewriting: a graph is rebuilt node by node through a builder that puts rules between wish and node.

`Rewriting.add` gives a node that exists already instead of an equal one, and what a rule puts in a node's
place instead of the node; a rule builds through the same builder, so its result is rewritten in turn.
Rules must therefore make things smaller or move them one way. Only what the outputs need is rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.leaf import Constant
from dslc.ops.map import Map
from dslc.passes.prune import prune, reachable
from dslc.scalar.functions import add, equal, logical_and, logical_or, maximum, minimum, multiply, not_equal

Rule: TypeAlias = Callable[[Builder, Op, tuple[NodeId, ...]], NodeId | None]
"""What stands for the op applied to the inputs; None where the rule has nothing to say."""

COMMUTATIVE = frozenset({add, multiply, maximum, minimum, equal, not_equal, logical_and, logical_or})


class Rewriting(Builder):
    """A builder that rewrites by `rules`, the first that applies."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__()
        self.rules = rules
        self.present: dict[tuple[Op, str, tuple[NodeId, ...]], NodeId] = {}

    def add(self, op: Op, *inputs: NodeId) -> NodeId:
        for rule in self.rules:
            found = rule(self, op, inputs)
            if found is not None:
                return found
        key = sameness(op, inputs)
        if key not in self.present:
            self.present[key] = super().add(op, *inputs)
        return self.present[key]


def sameness(op: Op, inputs: tuple[NodeId, ...]) -> tuple[Op, str, tuple[NodeId, ...]]:
    """Equal for nodes of equal value. A constant goes by its text too: 0.0 and -0.0 differ, NaN equals itself."""
    if isinstance(op, Map) and op.function in COMMUTATIVE:
        inputs = tuple(sorted(inputs))
    return op, repr(op) if isinstance(op, Constant) else "", inputs


def rewrite(graph: Graph, rules: Sequence[Rule]) -> Graph:
    """The graph rebuilt by the rules, without what no output needs before or after."""
    build = Rewriting(rules)
    needed = reachable(graph)
    where: dict[NodeId, NodeId] = {}
    for node in graph.nodes:
        if node.id in needed:
            build.origin = node.origin
            where[node.id] = build.add(node.op, *(where[source] for source in node.inputs))
    return prune(build.graph({name: where[output] for name, output in graph.outputs.items()}))
