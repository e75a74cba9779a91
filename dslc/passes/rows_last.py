"""Where windows slide, the batch becomes the last axis, so that vectors run along it however few channels there are.

    contract [i0, i1 + i4, i2 + i5, i6] ...  over [rows, 28, 28, 1]
    becomes  [i1 + i4, i2 + i5, i6, i0] ...  over [28, 28, 1, rows]

Receives a fused graph; promises the same outputs, in their own shapes. Every tensor that windows read or write is
turned, and what is computed from it or for it by loops; a product of matrices takes either, so there turning ends. What
comes from outside is turned by a copy, and so is an output back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from dslc.graph.graph import Builder, Graph, Node, NodeId, Op
from dslc.ops.contract import Contract
from dslc.ops.loop import Loop
from dslc.ops.structure import Concat, Pad, Reshape
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.body import Apply, Combine, IndexOf, Instruction, Literal, Load
from dslc.scalar.types import ROWS

T = TypeVar("T")


def rows_last(graph: Graph) -> Graph:
    """The graph with the batch last wherever windows are near."""
    turned = _turned(graph)
    if not turned:
        return graph
    rebuilding = _Rebuilding(graph, turned)
    for node in graph.nodes:
        rebuilding.add(node)
    return rebuilding.graph()


# --- what is turned -------------------------------------------------------------------------------


def _slides(node: Node) -> bool:
    """Is it a product of a window and something else, row by row?"""
    return isinstance(node.op, Contract) and not node.op.plain and len(node.op.operands) > 1 and ROWS in node.op.extents


def _may_turn(node: Node) -> bool:
    return node.type.shape[:1] == (ROWS,) and len(node.type.shape) > 1


def _turned(graph: Graph) -> frozenset[NodeId]:
    """The nodes whose batch axis comes last."""
    pending = [
        near
        for node in graph.nodes
        if _slides(node)
        for near in (node.id, *node.inputs)
        if _may_turn(graph.nodes[near])
    ]
    readers: dict[NodeId, list[Node]] = {node.id: [] for node in graph.nodes}
    for node in graph.nodes:
        for operand in node.inputs:
            readers[operand].append(node)
    found: set[NodeId] = set()
    while pending:
        k = pending.pop()
        if k in found or not _made(graph, k):
            continue
        found.add(k)
        moved = Loop | Reshape | Pad | Concat
        near = [reader.id for reader in readers[k] if isinstance(reader.op, moved)]
        if isinstance(graph.nodes[k].op, moved):
            near += graph.nodes[k].inputs
        pending += [other for other in near if _may_turn(graph.nodes[other])]
    return frozenset(found)


def _made(graph: Graph, k: NodeId) -> bool:
    """Is it made here, by something that may write the batch last?"""
    while isinstance(graph.nodes[k].op, Reshape):
        (k,) = graph.nodes[k].inputs
    return isinstance(graph.nodes[k].op, Loop | Pad | Concat | Contract)


# --- the new nodes --------------------------------------------------------------------------------


def _rotated(axes: Sequence[T]) -> tuple[T, ...]:
    """The first axis last."""
    return (*axes[1:], *axes[:1])


class _Rebuilding:
    """`where` holds the new node of each old one, which is turned if the old one is among `turned`."""

    def __init__(self, graph: Graph, turned: frozenset[NodeId]) -> None:
        self.old = graph
        self.turned = turned
        self.build = Builder()
        self.where: dict[NodeId, NodeId] = {}
        self.copies: dict[NodeId, NodeId] = {}

    def graph(self) -> Graph:
        """The whole: outputs are turned back."""
        outputs: dict[str, NodeId] = {}
        for name, k in self.old.outputs.items():
            self.build.origin = self.old.nodes[k].origin
            outputs[name] = self._other_way(k) if k in self.turned else self.where[k]
        return self.build.graph(outputs)

    def add(self, node: Node) -> None:
        self.build.origin = node.origin
        turn = node.id in self.turned
        match node.op:
            case Contract():
                self._contract(node, node.op, turn)
            case Loop():
                self._loop(node, node.op, turn)
            case Reshape(shape) if turn:
                self._add(node, Reshape(_rotated(shape)), self._inputs(node, turn))
            case Pad(before, after) if turn:
                self._add(node, Pad(_rotated(before), _rotated(after)), self._inputs(node, turn))
            case Concat(axis) if turn:
                self._add(node, Concat(axis - 1), self._inputs(node, turn))
            case _:
                self._add(node, node.op, self._inputs(node, turn))

    def _add(self, node: Node, op: Op, inputs: Sequence[NodeId]) -> None:
        self.where[node.id] = self.build.add(op, *inputs)

    def _inputs(self, node: Node, turn: bool) -> list[NodeId]:
        """The operands, all that can be turned or none of them."""
        return [self._as(operand, turn and _may_turn(self.old.nodes[operand])) for operand in node.inputs]

    def _as(self, k: NodeId, turn: bool) -> NodeId:
        return self.where[k] if turn == (k in self.turned) else self._other_way(k)

    def _other_way(self, k: NodeId) -> NodeId:
        """A copy with the batch at the other end, made once."""
        if k not in self.copies:
            shape, first = self.old.nodes[k].type.shape, k in self.turned
            rank = len(shape)
            read = _rotated(identity(rank)) if first else (identity(rank)[-1], *identity(rank)[:-1])
            extents = shape if first else _rotated(shape)
            self.copies[k] = self.build.add(Loop(extents, rank, (Load(0, read),), None), self.where[k])
        return self.copies[k]

    def _contract(self, node: Node, op: Contract, turn: bool) -> None:
        slides = _slides(node)
        inputs: list[NodeId] = []
        accesses: list[Access] = []
        for k, where in zip(node.inputs, op.operands, strict=True):
            last = k in self.turned or (slides and _may_turn(self.old.nodes[k]))
            inputs.append(self._as(k, last))
            accesses.append(_rotated(where) if last else where)
        out, shape = (_rotated(op.out), _rotated(op.shape)) if turn else (op.out, op.shape)
        self._add(node, Contract(op.extents, tuple(accesses), out, shape), inputs)

    def _loop(self, node: Node, op: Loop, turn: bool) -> None:
        if not turn and not any(k in self.turned for k in node.inputs):
            self._add(node, op, [self.where[k] for k in node.inputs])
            return
        order = list(_order(op, turn))
        body = tuple(self._instruction(instruction, node, order) for instruction in op.body)
        extents = tuple(op.extents[k] for k in order)
        self._add(node, replace(op, extents=extents, body=body), [self.where[k] for k in node.inputs])

    def _instruction(self, instruction: Instruction, node: Node, order: Sequence[int]) -> Instruction:
        match instruction:
            case Load(operand, where):
                places = tuple(index.over(order) if isinstance(index, Affine) else index for index in where)
                return Load(operand, _rotated(places) if node.inputs[operand] in self.turned else places)
            case IndexOf(where):
                return IndexOf(where.over(order))
            case Literal() | Apply():
                return instruction


def _order(op: Loop, turn: bool) -> Iterator[int]:
    """The old loops in their new order: rows last among the parallel ones, and last among the reduced ones."""
    parallel, reduced = range(op.parallel), range(op.parallel, len(op.extents))
    yield from _rotated(parallel) if turn else parallel
    if op.combine is Combine.ARGMAX:  # which counts them in their order
        yield from reduced
    else:
        yield from sorted(reduced, key=lambda k: op.extents[k] is ROWS)
