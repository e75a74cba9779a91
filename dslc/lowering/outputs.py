"""Which node writes straight into which output's buffer, and in which order nodes then must run.

Parameters and states are updated in place: `update.w` is written to the buffer of `w`, after everything that
reads the old value. Where that cannot be (a reader of the old value needs the new one too, or two outputs
are one node) the new value is computed aside and copied at the end, by an added loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from dslc.graph.graph import Builder, Graph, NodeId
from dslc.ops.leaf import UPDATE, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.scan import Scan
from dslc.ops.structure import Reshape
from dslc.scalar.affine import identity
from dslc.scalar.body import Load

KEPT = frozenset({LeafRole.PARAMETER, LeafRole.STATE})


@dataclass(frozen=True, slots=True)
class Placed:
    """A graph whose outputs all have nodes of their own: `targets` says which node writes which output."""

    graph: Graph
    order: tuple[NodeId, ...]
    targets: Mapping[NodeId, str]


def place(graph: Graph) -> Placed:
    """Chooses the nodes that write outputs, adding copies where needed."""
    graph, targets = _own_nodes(graph)
    edges = _Edges(graph)
    build = Builder(graph)
    for node, output in list(targets.items()):
        if not output.startswith(UPDATE):
            continue
        readers = edges.readers(output.removeprefix(UPDATE))
        if node in readers and _elementwise(graph, node, output):
            readers.discard(node)
        writer = node
        if edges.reaches(node, readers):
            writer = _copy(build, graph.outputs[output])
            targets[writer] = targets.pop(node)
        for reader in readers:
            edges.after.setdefault(reader, []).append(writer)
    graph = build.graph(graph.outputs)
    return Placed(graph, tuple(_ordered(graph, edges.after)), targets)


def _own_nodes(graph: Graph) -> tuple[Graph, dict[NodeId, str]]:
    """The graph with a computing node for each output; an update that changes nothing is dropped."""
    build = Builder(graph)
    targets: dict[NodeId, str] = {}
    outputs = dict(graph.outputs)
    for output, k in graph.outputs.items():
        op = graph.nodes[k].op
        if isinstance(op, Leaf) and output == UPDATE + op.name and op.role in KEPT:
            del outputs[output]
            continue
        computing = base(graph, k)
        if computing in targets or isinstance(graph.nodes[computing].op, Leaf | Scan):
            computing = outputs[output] = _copy(build, k)
        targets[computing] = output
    return build.graph(outputs), targets


def base(graph: Graph, k: NodeId) -> NodeId:
    """The node whose memory `k` is: through reshapes."""
    while isinstance(graph.nodes[k].op, Reshape):
        (k,) = graph.nodes[k].inputs
    return k


def _copy(build: Builder, k: NodeId) -> NodeId:
    build.origin = build.nodes[k].origin
    shape = build.type(k).shape
    return build.add(Loop(shape, len(shape), (Load(0, identity(len(shape))),), None), k)


class _Edges:
    """Who must run before whom: operands before results, and, as they are chosen, readers before writers in place."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.consumers: dict[NodeId, list[NodeId]] = {}
        self.after: dict[NodeId, list[NodeId]] = {}
        self._readers: dict[str, set[NodeId]] = {}
        for node in graph.nodes:
            for operand in node.inputs:
                self.consumers.setdefault(operand, []).append(node.id)
                leaf = graph.nodes[base(graph, operand)].op
                if isinstance(leaf, Leaf) and leaf.role in KEPT and not isinstance(node.op, Reshape):
                    self._readers.setdefault(leaf.name, set()).add(node.id)

    def readers(self, leaf: str) -> set[NodeId]:
        """The nodes that read the parameter or state `leaf`."""
        return set(self._readers.get(leaf, ()))

    def reaches(self, start: NodeId, ends: set[NodeId]) -> bool:
        """Must one of `ends` run after `start`, or is it `start`?"""
        seen, stack = set[NodeId](), [start]
        while stack:
            k = stack.pop()
            if k in ends:
                return True
            if k not in seen:
                seen.add(k)
                stack += self.consumers.get(k, ())
                stack += self.after.get(k, ())
        return False


def _elementwise(graph: Graph, k: NodeId, output: str) -> bool:
    """Does the loop that writes `output` read the old value only where it writes the new one?"""
    node = graph.nodes[k]
    if not isinstance(node.op, Loop) or node.op.combine is not None or graph.outputs[output] != k:
        return False
    whole = identity(len(node.type.shape))
    for position, operand in enumerate(node.inputs):
        leaf = graph.nodes[base(graph, operand)]
        if isinstance(leaf.op, Leaf) and leaf.op.name == output.removeprefix(UPDATE):
            loads = [i for i in node.op.body if isinstance(i, Load) and i.operand == position]
            if operand != leaf.id or leaf.type.shape != node.type.shape or any(i.where != whole for i in loads):
                return False
    return True


def _ordered(graph: Graph, after: Mapping[NodeId, list[NodeId]]) -> Iterator[NodeId]:
    """All nodes, each after its operands and what it must wait for; else by id."""
    waiting = {node.id: len(set(node.inputs)) for node in graph.nodes}
    next_to = {node.id: list(after.get(node.id, ())) for node in graph.nodes}
    for node in graph.nodes:
        for operand in set(node.inputs):
            next_to[operand].append(node.id)
    for writers in after.values():
        for writer in writers:
            waiting[writer] += 1
    ready = [k for k, count in waiting.items() if not count]
    heapify(ready)
    while ready:
        k = heappop(ready)
        yield k
        for later in next_to[k]:
            waiting[later] -= 1
            if not waiting[later]:
                heappush(ready, later)
