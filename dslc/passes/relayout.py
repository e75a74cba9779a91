"""A graph anew, with some of its tensors in another order in memory: what the passes that choose orders share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Set

from dslc.graph.graph import Builder, Graph, Node, NodeId


class Relayout(ABC):
    """`where` holds the new node of each old one, which is in the other order if the old one is among `moved`."""

    def __init__(self, old: Graph, moved: Set[NodeId]) -> None:
        self.old = old
        self.moved = moved
        self.build = Builder()
        self.where: dict[NodeId, NodeId] = {}
        self._copies: dict[NodeId, NodeId] = {}

    def graph(self) -> Graph:
        """The whole."""
        for node in self.old.nodes:
            self.build.origin = node.origin
            self.where[node.id] = self.new(node)
        outputs: dict[str, NodeId] = {}
        for name, k in self.old.outputs.items():
            self.build.origin = self.old.nodes[k].origin
            outputs[name] = self.ordered(k, self.leaves_moved(name))
        return self.build.graph(outputs)

    def ordered(self, k: NodeId, moved: bool) -> NodeId:
        """The new node of `k` in the other order or in the usual one: a copy, made once, where it is not so itself."""
        if moved == (k in self.moved):
            return self.where[k]
        if k not in self._copies:
            self._copies[k] = self.copy(k, moved)
        return self._copies[k]

    def leaves_moved(self, output: str) -> bool:
        """Is an output wanted in the other order?"""
        return False

    @abstractmethod
    def new(self, node: Node) -> NodeId:
        """The new node of an old one whose operands have theirs."""

    @abstractmethod
    def copy(self, k: NodeId, moved: bool) -> NodeId:
        """A copy of `where[k]` in the other order, or in the usual one if it is in the other."""
