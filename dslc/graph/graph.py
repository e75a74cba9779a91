"""The graph: what is computed, as a tuple of nodes whose ids are their positions.

A node's inputs have smaller ids, so the order of ids is an order of evaluation and no cycle can be
written. A graph is frozen; a `Builder` is the only thing that grows, inside one pure function.
There is no implicit broadcasting: shapes meet exactly, `expand` is a node.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.scalar.functions import ATOM, Formula
from dslc.scalar.types import DType, Shape, shape_text
from dslc.source import BUILT_IN, Span

if TYPE_CHECKING:
    import networkx as nx

NodeId: TypeAlias = int
Array: TypeAlias = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class TensorType:
    """A shape and an element type; `[rows, 10] real`."""

    shape: Shape
    dtype: DType = DType.REAL

    def __str__(self) -> str:
        return f"{shape_text(self.shape)} {self.dtype.value}"


class Role(Enum):
    """Which part of the experiment a node serves."""

    FORWARD = "forward"
    GRADIENT = "gradient"
    UPDATE = "update"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from: the model file's span, the call path (`hidden.dense`), what it serves."""

    span: Span = BUILT_IN
    path: str = ""
    role: Role = Role.FORWARD

    def serving(self, role: Role) -> Origin:
        return replace(self, role=role)


class Op(ABC):
    """A primitive with all its facets; each subclass is a frozen dataclass in dslc/ops, its fields the attributes."""

    __slots__ = ()

    @abstractmethod
    def infer(self, types: Sequence[TensorType]) -> TensorType:
        """The result's type; raises TypeError where the operands do not fit (a bug in dslc, never a user's fault)."""

    @abstractmethod
    def evaluate(self, values: Sequence[Array], rows: int) -> Array:
        """The meaning, in NumPy; `rows` is the extent of the batch axis. REAL operands are float64."""

    @abstractmethod
    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        """For each input the gradient's node, given the gradient `g` of the result; None where there is none."""

    @abstractmethod
    def to_text(self) -> str:
        """`exp`, `reduce sum over 1`, `expand to [rows, 10] at 0`."""

    def formula(self, operands: Sequence[Formula]) -> Formula:
        """The result as mathematics; a call of the primitive unless it has a notation of its own."""
        return f"{self.to_text()}({', '.join(text for text, _ in operands)})", ATOM

    def used(self, inputs: tuple[NodeId, ...]) -> tuple[NodeId, ...]:
        """The inputs that the value depends on, which are those that `evaluate` receives."""
        return inputs

    def fault(self, sources: Sequence[Node]) -> str | None:
        """What is wrong with the operands beyond their types, if anything is."""
        return None

    def stacked(self, steps: int, which: Sequence[bool]) -> Op | None:
        """The op over a first axis of `steps`, which the result has, and the operands that `which` says.

        None where all operands must have it. Raises TypeError for what cannot be done so.
        """
        raise TypeError(f"{self.to_text()} over several steps")

    @property
    def only_once(self) -> str | None:
        """Why the gradient must not be differentiated again; None where it may, as it is built of primitives."""
        return None

    @property
    def inner(self) -> tuple[Node, ...]:
        """The nodes of the graph that it computes by itself, as a loop does in each step."""
        return ()

    @property
    def key(self) -> str | None:
        """For a tensor that comes from outside: what it is found by, the same in every node that stands for it."""
        return None


@dataclass(frozen=True, slots=True)
class Node:
    id: NodeId
    op: Op
    inputs: tuple[NodeId, ...]
    type: TensorType
    origin: Origin


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and the named results; a name is a stable key such as `loss` or `update.dense.w`."""

    nodes: tuple[Node, ...]
    outputs: Mapping[str, NodeId]

    def type(self, node: NodeId) -> TensorType:
        return self.nodes[node].type

    def with_outputs(self, **outputs: NodeId) -> Graph:
        return Graph(self.nodes, {**self.outputs, **outputs})


class Builder:
    """Appends nodes. `origin` is set by whoever builds, and given to every node added meanwhile."""

    def __init__(self, graph: Graph | None = None) -> None:
        self.nodes: list[Node] = list(graph.nodes) if graph else []
        self.origin = Origin()

    def add(self, op: Op, *inputs: NodeId) -> NodeId:
        """The new node's id; its type is inferred."""
        result = op.infer([self.nodes[i].type for i in inputs])
        node = Node(len(self.nodes), op, inputs, result, self.origin)
        self.nodes.append(node)
        return node.id

    def type(self, node: NodeId) -> TensorType:
        return self.nodes[node].type

    def graph(self, outputs: Mapping[str, NodeId]) -> Graph:
        return Graph(tuple(self.nodes), dict(outputs))

    def splice(self, other: Graph, replaced: Mapping[NodeId, NodeId]) -> dict[NodeId, NodeId]:
        """Copies `other` in, its nodes in `replaced` standing for nodes that are here already.

        Returns where each node of `other` came to stand.
        """
        where = dict(replaced)
        for node in other.nodes:
            if node.id not in where:
                where[node.id] = len(self.nodes)
                inputs = tuple(where[i] for i in node.inputs)
                self.nodes.append(replace(node, id=len(self.nodes), inputs=inputs))
        return where


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """A view for pictures, reachability and users; a MultiDiGraph, since `x * x` has two edges."""
    import networkx

    view = networkx.MultiDiGraph()
    for node in graph.nodes:
        view.add_node(node.id, op=node.op.to_text(), type=str(node.type), path=node.origin.path)
    for node in graph.nodes:
        for position, source in enumerate(node.inputs):
            view.add_edge(source, node.id, position=position)
    return view
