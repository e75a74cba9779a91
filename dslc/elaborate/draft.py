"""A graph under construction: a builder, its leaves by role and name, and numbers made into nodes.

An elaboration writes several drafts (forward, evaluate, finish, ...); a tensor value remembers which one it
belongs to, so that a formula lands where its operands are.
"""

from __future__ import annotations

from collections.abc import Mapping

from dslc.elaborate.errors import Exhausted, TooLarge
from dslc.elaborate.numbers import Applied, FromLet, Number
from dslc.frozen import Frozen
from dslc.graph.graph import Builder, Graph, NodeId, Op, Origin, TensorType
from dslc.ops.leaf import Constant, Leaf, LeafRole
from dslc.ops.map import Map
from dslc.scalar.types import ROWS, DType
from dslc.source import Span

NODES = 100_000
"""Of one graph, a thousand dense layers with Adam stay below."""


class Activation(Frozen):
    """A call of an activation on what depends on an example: the nodes of its operand and its result."""

    operand: NodeId
    result: NodeId
    span: Span


class Draft:
    """`fixed` collects the lets whose value went in as a constant; None makes lets leaves instead."""

    def __init__(self, fixed: set[str] | None = None) -> None:
        self.builder = Builder()
        self._fixed = fixed
        self.named: dict[str, NodeId] = {}
        """What has a name or a path and depends on the examples; of a layer that is used twice, its last use."""
        self.activations: dict[str, Activation] = {}
        """By path, those within others included."""
        self.updates: dict[str, NodeId] = {}
        """The new values of layers' and schedules' states by path."""
        self._leaves: dict[tuple[LeafRole, str], NodeId] = {}
        self._lets: dict[str, NodeId] = {}

    def at(self, origin: Origin) -> None:
        """What the nodes added from now on come from."""
        self.builder.origin = origin

    def add(self, op: Op, *inputs: NodeId) -> NodeId:
        """The new node's id. Raises Exhausted for a graph beyond every size that could be compiled."""
        if len(self.builder.nodes) >= NODES:
            raise Exhausted(TooLarge(self.builder.origin.span, "operations", NODES))
        return self.builder.add(op, *inputs)

    def leaf(self, role: LeafRole, name: str, type_: TensorType) -> NodeId:
        """The one node of this leaf."""
        key = (role, name)
        if key not in self._leaves:
            self._leaves[key] = self.add(Leaf(role, name, type_))
        return self._leaves[key]

    def clock(self, name: str, dtype: DType = DType.REAL) -> NodeId:
        """A number that the training loop counts: [] real, or int for `seed` and `epoch`."""
        return self.leaf(LeafRole.CLOCK, name, TensorType((), dtype))

    def row_ids(self) -> NodeId:
        return self.leaf(LeafRole.ROW_ID, "", TensorType((ROWS,), DType.INT))

    def number(self, number: Number) -> NodeId:
        """[] real: a constant, or what follows from the leaves of its lets."""
        match number.term:
            case FromLet(name=name) if self._fixed is None:
                return self.leaf(LeafRole.SETTING, name, TensorType((), DType.REAL))
            case Applied(function=function, arguments=arguments) if self._fixed is None:
                return self.add(Map(function), *(self.number(argument) for argument in arguments))
            case _:
                if self._fixed is not None:
                    self._fixed.update(number.lets)
                return self.add(Constant(float(number.value), DType.REAL))

    def graph(self, outputs: Mapping[str, NodeId]) -> Graph:
        return self.builder.graph(outputs)
