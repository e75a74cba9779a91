"""Fusion, the last pass: chains of maps, views, gathers and random draws become `Loop` nodes.

Receives a differentiated graph; promises the same values, from fewer tensors. A tensor is *stored* if it is
an output, if a node that stays needs it whole (a matrix product, a scatter, a pad), or if computing it at
every place that reads it would cost more than a store and a load. Everything else is computed inside the
loop that reads it; a reduction's loop absorbs what it reduces.

    %2 = add %0 %1; %3 = maximum %2 0   becomes   %2 = loop over rows, 64: max(x0[i0, i1] + x1[i1], 0.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Final

from dslc.graph.graph import Builder, Graph, Node, NodeId
from dslc.ops.contract import Contract
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import Gather, ScatterAdd
from dslc.ops.leaf import Constant, Iota, Leaf
from dslc.ops.loop import Loop
from dslc.ops.map import Map
from dslc.ops.random import Random
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.scan import Scan
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice, Transpose
from dslc.passes.loop_body import BodyBuilder, before_reshape, untransposed
from dslc.scalar.affine import identity
from dslc.scalar.body import Combine, Load
from dslc.scalar.functions import add, multiply
from dslc.scalar.types import ROWS, DType, Shape

LARGEST_BODY: Final = 40
"""Instructions in one loop: beyond, registers run out and compile time grows."""

STORING: Final = 8
"""What a store, a load and a loop of its own cost, in cheap instructions."""

FUNCTION: Final = 4
"""What an exp or the like costs, vectorised; a random draw costs more than storing."""

COMBINES = {ReduceKind.SUM: Combine.SUM, ReduceKind.MAX: Combine.MAX, ReduceKind.MIN: Combine.MIN}


def fuse(graph: Graph) -> Graph:
    """The same outputs, from leaves, loops, reshapes and the nodes that stay whole."""
    nodes = _live(graph)
    stored = _split_large(graph, nodes, _stored(graph, nodes))
    build = Builder()
    where: dict[NodeId, NodeId] = {}
    for node in nodes:
        if node.id in stored:
            build.origin = node.origin
            where[node.id] = _rebuilt(build, graph, node, stored, where)
    return build.graph({name: where[node] for name, node in graph.outputs.items()})


def _live(graph: Graph) -> list[Node]:
    """What the outputs need, in order; a declared gradient needs only its value."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(_operands(graph, node))
    return [node for node in graph.nodes if node.id in needed]


def _operands(graph: Graph, node: Node) -> Sequence[NodeId]:
    """The inputs that a node's value comes from. A contraction reads through transposes."""
    if isinstance(node.op, DeclaredGradient):
        return node.inputs[:1]
    if isinstance(node.op, Contract):
        return untransposed(graph, node.op, node.inputs)[1]
    return node.inputs


# --- what is stored -------------------------------------------------------------------------------


def _stored(graph: Graph, nodes: Sequence[Node]) -> set[NodeId]:
    """The nodes that get a tensor of their own; decided from the outputs back: a chain is cut where it forks."""
    stored = set(graph.outputs.values())
    for node in nodes:
        if _stays(graph, node) or _reduces(graph, node):
            stored.add(node.id)
        if _stays(graph, node):
            stored.update(_operands(graph, node))
    stored |= _tables(graph, nodes, stored)
    by_id = {node.id: node for node in nodes}
    for node in reversed(nodes):
        if node.id in stored:
            stored.update(_memory(by_id, node.id))
    work = _work(graph, nodes, stored)
    loops: dict[NodeId, set[NodeId]] = {node.id: set() for node in nodes}
    enlarged: set[NodeId] = set()
    for node in reversed(nodes):
        readers = loops[node.id]
        costs = [_cost(graph.nodes[k]) for k in work[node.id]]
        if node.id not in stored and _costs_more(node, costs, len(readers), node.id in enlarged):
            stored.update(_memory(by_id, node.id))
        for operand in _operands(graph, node):
            loops[operand] |= {node.id} if node.id in stored else readers
            if _points(_nest(graph, node)[0]) > _points(graph.type(operand).shape):
                enlarged.add(operand)
    return stored


def _points(shape: Shape) -> tuple[bool, int]:
    """An order of sizes; any number of rows counts for more than any other extent."""
    return ROWS in shape, prod(extent for extent in shape if extent is not ROWS)


def _stays(graph: Graph, node: Node) -> bool:
    """Does lowering receive the node as it is?"""
    match node.op:
        case Leaf() | Loop() | Scan() | ScatterAdd() | Pad() | Concat():
            return True
        case Reshape():
            operand = graph.type(node.inputs[0]).shape
            return before_reshape(operand, node.type.shape, identity(len(node.type.shape)), 0) is None
        case Contract():
            return not (_is_loop(graph, node) or _is_read(node.op))
        case _:
            return False


def _is_read(op: Contract) -> bool:
    """Does a contraction do no more than read one operand, windows of it perhaps, or sum what it reads?"""
    return len(op.operands) == 1 and op.walks_whole(op.extents)


def _reduces(graph: Graph, node: Node) -> bool:
    match node.op:
        case Reduce(_, axes):
            return bool(axes)
        case Argmax():
            return True
        case Contract():
            if _is_read(node.op):
                return len(node.op.out) < len(node.op.extents)
            return _is_loop(graph, node)
        case _:
            return False


def _is_loop(graph: Graph, node: Node) -> bool:
    """Is a contraction better as a plain loop: all reads inside, and not a matrix product in disguise?"""
    op, inputs = untransposed(graph, node.op, node.inputs) if isinstance(node.op, Contract) else (None, ())
    if op is None or not op.plain:
        return False
    used = [[axis.index for axis in where] for where in (*op.operands, op.out)]
    shapes = (*(graph.type(i).shape for i in inputs), op.shape)
    for indices, shape in zip(used, shapes, strict=True):
        if shape != tuple(op.extents[k] for k in indices if k is not None):
            return False
    summed = any(k not in used[-1] for k in range(len(op.extents)))
    return not (len(inputs) == 2 and summed and _multiplies(used))


def _multiplies(used: Sequence[Sequence[int | None]]) -> bool:
    """Do loops fall into those of a matrix product, or of one product for each place that both operands share?"""
    left, right, out = (set(indices) for indices in used)
    places = left & right & out
    groups = [(left & out) - places, (right & out) - places, (left & right) - places]
    return left | right == out | groups[2] and (all(groups) if places else True)


def _tables(graph: Graph, nodes: Iterable[Node], stored: set[NodeId]) -> set[NodeId]:
    """What gathers read and cannot compute at an index that was taken: all but maps of what is stored."""
    takes, tables = set(stored), set[NodeId]()
    for node in nodes:
        read = isinstance(node.op, Contract) and _is_read(node.op)
        if isinstance(node.op, Gather) or (read and _clips(graph, node)):
            table = _operands(graph, node)[0]
            if table not in takes:
                tables.add(table)
                takes.add(table)
        views = isinstance(node.op, Map | Expand | Constant | Iota | Transpose) or (read and not _reduces(graph, node))
        if views and all(i in takes for i in _operands(graph, node)):
            takes.add(node.id)
    return tables


def _clips(graph: Graph, node: Node) -> bool:
    """Does a contraction of one operand read beyond it, where there is nothing?"""
    return isinstance(node.op, Contract) and not node.op.inside([graph.type(k).shape for k in node.inputs])


def _work(graph: Graph, nodes: Iterable[Node], stored: set[NodeId]) -> dict[NodeId, frozenset[NodeId]]:
    """For each node the maps and draws that computing it in place would repeat, or the latest of very many.

    Sums and multiples of loop indices are indices again, which cost nothing.
    """
    work: dict[NodeId, frozenset[NodeId]] = {}
    indices: set[NodeId] = set()
    for node in nodes:
        if _is_index(node) and all(operand in indices for operand in node.inputs):
            indices.add(node.id)
        repeats = isinstance(node.op, Map | Random) and node.id not in indices
        own = frozenset((node.id,) if repeats else ())
        repeated = own.union(*(work[operand] for operand in _operands(graph, node) if operand not in stored))
        work[node.id] = frozenset(sorted(repeated)[-LARGEST_BODY:])
    return work


def _is_index(node: Node) -> bool:
    """Is it a sum or a multiple of loop indices, if its operands are such?"""
    whole = isinstance(node.op, Iota | Constant | Expand) or node.op in (Map(add), Map(multiply))
    return whole and node.type.dtype is DType.INT


def _cost(node: Node) -> int:
    match node.op:
        case Map(function):
            return 1 if function.cheap else FUNCTION
        case _:
            return STORING + 1


def _costs_more(node: Node, costs: Sequence[int], readers: int, enlarged: bool) -> bool:
    """Does computing the node in each loop that reads it cost more than storing it?

    In a loop over more points than it has itself, only a little arithmetic is repeated; what depends on no
    example and no element is computed once a step.
    """
    if enlarged and costs and (not node.type.shape or sum(costs) >= FUNCTION):
        return True
    return (readers - 1) * sum(costs) > STORING


def _split_large(graph: Graph, nodes: Sequence[Node], stored: set[NodeId]) -> set[NodeId]:
    """More stored nodes, so that no loop has over LARGEST_BODY instructions."""
    stored = set(stored)
    by_id = {node.id: node for node in nodes}
    inside: dict[NodeId, frozenset[NodeId]] = {}

    def below(k: NodeId) -> NodeId:
        while k not in stored and isinstance(by_id[k].op, Expand | Transpose | Slice | Reshape | StopGradient):
            k = by_id[k].inputs[0]
        return k

    def seen(k: NodeId) -> frozenset[NodeId]:
        return frozenset((k,)) if k in stored else inside[k]

    for node in nodes:
        reads = [below(k) for k in _operands(graph, node)]
        own = frozenset((node.id,))
        while len(own.union(*map(seen, reads))) > LARGEST_BODY:
            largest = max(reads, key=lambda k: len(seen(k)))
            if largest in stored:
                break
            stored.update(_memory(by_id, largest))
        inside[node.id] = own.union(*map(seen, reads))
    return stored


def _memory(nodes: Mapping[NodeId, Node], k: NodeId) -> Iterator[NodeId]:
    """The node, and what must be stored with it: a reshape names the memory of its operand."""
    yield k
    while isinstance(nodes[k].op, Reshape):
        k = nodes[k].inputs[0]
        yield k


# --- the new nodes --------------------------------------------------------------------------------


def _rebuilt(build: Builder, graph: Graph, node: Node, stored: set[NodeId], where: Mapping[NodeId, NodeId]) -> NodeId:
    """A stored node in the new graph: itself on its new operands, or a loop."""
    if isinstance(node.op, Contract) and _stays(graph, node):
        op, inputs = untransposed(graph, node.op, node.inputs)
        return build.add(op, *(where[i] for i in inputs))
    if isinstance(node.op, Reshape) or _stays(graph, node):
        return build.add(node.op, *(where[i] for i in node.inputs))
    extents, parallel, combine = _nest(graph, node)
    body = BodyBuilder(graph, stored, len(extents))
    body.root(node, parallel)
    operands = tuple(where[i] for i in body.operands)
    whole = Load(0, identity(len(extents)))
    if body.instructions == [whole] and combine is None and build.type(operands[0]) == node.type:
        return operands[0]
    return build.add(Loop(extents, parallel, tuple(body.instructions), combine), *operands)


def _nest(graph: Graph, node: Node) -> tuple[Shape, int, Combine | None]:
    """A stored node's loops: those of the result first, then the reduced ones."""
    match node.op:
        case Contract(extents, _, out, _):
            kept = tuple(axis.index for axis in out if axis.index is not None)
            rest = tuple(k for k in range(len(extents)) if k not in kept)
            return tuple(extents[k] for k in (*kept, *rest)), len(kept), Combine.SUM if rest else None
        case Reduce(kind, axes) if axes:
            reduced, combine = axes, COMBINES[kind]
        case Argmax(axis):
            reduced, combine = (axis,), Combine.ARGMAX
        case _:
            return node.type.shape, len(node.type.shape), None
    operand = graph.type(node.inputs[0]).shape
    return node.type.shape + tuple(operand[k] for k in reduced), len(node.type.shape), combine
