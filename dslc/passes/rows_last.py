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

from dslc.graph.graph import Graph, Node, NodeId
from dslc.ops.contract import Contract
from dslc.ops.loop import Loop
from dslc.ops.structure import Concat, Pad, Reshape
from dslc.passes.relayout import Relayout
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.body import Combine, Load, Place, each_index, reindexed
from dslc.scalar.types import ROWS

T = TypeVar("T")


def rows_last(graph: Graph) -> Graph:
    """The graph with the batch last wherever windows are near."""
    turned = _turned(graph)
    if not turned:
        return graph
    return _RowsLast(graph, turned).graph()


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


class _RowsLast(Relayout):
    """The other order has the batch last."""

    def new(self, node: Node) -> NodeId:
        moved = node.id in self.moved
        match node.op:
            case Contract():
                return self._contract(node, node.op, moved)
            case Loop():
                return self._loop(node, node.op, moved)
            case Reshape(shape) if moved:
                return self.build.add(Reshape(_rotated(shape)), *self._inputs(node, moved))
            case Pad(before, after) if moved:
                return self.build.add(Pad(_rotated(before), _rotated(after)), *self._inputs(node, moved))
            case Concat(axis) if moved:
                return self.build.add(Concat(axis - 1), *self._inputs(node, moved))
            case _:
                return self.build.add(node.op, *self._inputs(node, moved))

    def _inputs(self, node: Node, moved: bool) -> list[NodeId]:
        """The operands, all that can be turned or none of them."""
        return [self.ordered(operand, moved and _may_turn(self.old.nodes[operand])) for operand in node.inputs]

    def copy(self, k: NodeId, moved: bool) -> NodeId:
        shape = self.old.nodes[k].type.shape
        rank = len(shape)
        read = (identity(rank)[-1], *identity(rank)[:-1]) if moved else _rotated(identity(rank))
        extents = _rotated(shape) if moved else shape
        return self.build.add(Loop(extents, rank, (Load(0, read),), None), self.where[k])

    def _contract(self, node: Node, op: Contract, moved: bool) -> NodeId:
        slides = _slides(node)
        inputs: list[NodeId] = []
        accesses: list[Access] = []
        for k, where in zip(node.inputs, op.operands, strict=True):
            last = k in self.moved or (slides and _may_turn(self.old.nodes[k]))
            inputs.append(self.ordered(k, last))
            accesses.append(_rotated(where) if last else where)
        out, shape = (_rotated(op.out), _rotated(op.shape)) if moved else (op.out, op.shape)
        return self.build.add(Contract(op.extents, tuple(accesses), out, shape), *inputs)

    def _loop(self, node: Node, op: Loop, moved: bool) -> NodeId:
        inputs = [self.where[k] for k in node.inputs]
        if not moved and not any(k in self.moved for k in node.inputs):
            return self.build.add(op, *inputs)
        order = list(_order(op, moved))

        def over(index: Affine) -> Affine:
            return index.over(order)

        def place(operand: int, where: Place) -> Place:
            places = each_index(where, over)
            return _rotated(places) if node.inputs[operand] in self.moved else places

        body = tuple(reindexed(instruction, place, over) for instruction in op.body)
        extents = tuple(op.extents[k] for k in order)
        return self.build.add(replace(op, extents=extents, body=body), *inputs)


def _order(op: Loop, turn: bool) -> Iterator[int]:
    """The old loops in their new order: rows last among the parallel ones, and last among the reduced ones."""
    parallel, reduced = range(op.parallel), range(op.parallel, len(op.extents))
    yield from _rotated(parallel) if turn else parallel
    if op.combine is Combine.ARGMAX:  # which counts them in their order
        yield from reduced
    else:
        yield from sorted(reduced, key=lambda k: op.extents[k] is ROWS)
