"""Large weights are kept as their products read them: in panels of columns, each of them in one piece.

    parameter w : [784, 256]   becomes   parameter w : [8, 784, 32]

Receives a fused graph whose leaves are in their usual order; promises the same outputs from leaves of which some are
in panels, and their updates likewise. What goes along with such a weight element by element, its gradient and the
optimizer's states, is kept as it is; wherever else a loop walks the columns it becomes two. Whatever cannot read
panels reads a copy in the usual order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dslc.graph.graph import Graph, Node, NodeId, TensorType
from dslc.ops.contract import Contract
from dslc.ops.leaf import UPDATE, Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.structure import Reshape
from dslc.passes.relayout import Relayout
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.body import Combine, Load, Place, each_index, reindexed
from dslc.scalar.panels import PANEL, shape_in_panels, whole_panels
from dslc.scalar.types import Shape, elements, number

LARGE = 65_536
"""Elements of a weight from which on the rows of a panel lie too far apart in the usual order."""


def worth_panels(graph: Graph) -> frozenset[str]:
    """The parameters that are: large right operands of products of matrices alone. The graph need not be fused.

    A product of rows and steps with a matrix walks windows, which read it in its usual order.
    """
    found: set[str] = set()
    unfit: set[str] = set()
    for node in graph.nodes:
        if not isinstance(node.op, Contract) or not node.op.plain or len(node.inputs) != 2:
            continue
        kept = {axis.index for axis in node.op.out}
        for k, where in zip(node.inputs, node.op.operands, strict=True):
            op, shape = graph.nodes[k].op, graph.nodes[k].type.shape
            if isinstance(op, Leaf) and op.role is LeafRole.PARAMETER and whole_panels(shape):
                rows, columns = where
                large = elements(shape, 1) >= LARGE and rows.index not in kept and columns.index in kept
                if large:
                    (found if len(kept) == 2 else unfit).add(op.name)
    return frozenset(found - unfit)


def in_panels(graph: Graph, parameters: frozenset[str]) -> Graph:
    """The graph with these parameters in panels."""
    moved = _moved(graph, parameters)
    return _InPanels(graph, moved).graph() if moved else graph


# --- what is in panels ----------------------------------------------------------------------------


def _moved(graph: Graph, parameters: frozenset[str]) -> frozenset[NodeId]:
    """The parameters and what goes along with them."""
    readers: dict[NodeId, list[Node]] = {node.id: [] for node in graph.nodes}
    for node in graph.nodes:
        for k in _along(graph, node):
            readers[k].append(node)
    pending = [
        node.id
        for node in graph.nodes
        if isinstance(node.op, Leaf) and node.op.role is LeafRole.PARAMETER and node.op.name in parameters
    ]
    found: set[NodeId] = set()
    while pending:
        k = pending.pop()
        if k not in found:
            found.add(k)
            near = [*(reader.id for reader in readers[k]), *_along(graph, graph.nodes[k])]
            pending += [other for other in near if _may_move(graph, graph.nodes[other])]
    return frozenset(found)


def _along(graph: Graph, node: Node) -> Iterator[NodeId]:
    """The operands that a loop walks just as its result."""
    if isinstance(node.op, Loop) and _may_move(graph, node):
        for operand, k in enumerate(node.inputs):
            if graph.nodes[k].type == node.type and all(where == identity(2) for where in _loads(node.op, operand)):
                yield k


def _may_move(graph: Graph, node: Node) -> bool:
    match node.op:
        case Leaf(role):
            return role is LeafRole.STATE
        case Contract(out=(_, columns)) as op:
            return columns.index is not None and _may_cut(graph, node, op, columns.index)
        case Loop() as op:
            return op.combine is None
        case _:
            return False


def _may_cut(graph: Graph, node: Node, op: Contract, loop: int) -> bool:
    """Does the loop walk whole axes only, and nothing walk it but by itself?"""
    shapes = (*(graph.nodes[k].type.shape for k in node.inputs), op.shape)
    pairs = [pair for axes in zip((*op.operands, op.out), shapes, strict=True) for pair in zip(*axes, strict=True)]
    return op.plain and all(size == op.extents[loop] for where, size in pairs if where.index == loop)


def _loads(op: Loop, operand: int) -> list[Place]:
    return [i.where for i in op.body if isinstance(i, Load) and i.operand == operand]


def _column(places: Sequence[Place]) -> int | None:
    """The one loop that walks the columns of a matrix at all these places, and no rows."""
    found = {columns.index if isinstance(columns, Affine) else None for _, columns in places}
    loop = found.pop() if len(found) == 1 else None
    if loop is None or any(isinstance(rows, Affine) and rows.coefficients[loop] for rows, _ in places):
        return None
    return loop


# --- the new nodes --------------------------------------------------------------------------------


class _InPanels(Relayout):
    """The other order is in panels."""

    def new(self, node: Node) -> NodeId:
        match node.op:
            case Leaf(role, name, type) if node.id in self.moved:
                return self.build.add(Leaf(role, name, TensorType(shape_in_panels(type.shape), type.dtype)))
            case Loop():
                return self._loop(node, node.op)
            case Contract():
                return self._contract(node, node.op)
            case _:
                return self._usual(node)

    def _usual(self, node: Node) -> NodeId:
        return self.build.add(node.op, *(self.ordered(k, False) for k in node.inputs))

    def copy(self, k: NodeId, moved: bool) -> NodeId:
        shape = self.old.nodes[k].type.shape
        panels, rows, width = shape_in_panels(shape)
        if moved:
            read = (Affine((0, 1, 0)), Affine((PANEL, 0, 1)))
            return self.build.add(Loop((panels, rows, width), 3, (Load(0, read),), None), self.where[k])
        row, panel, column = identity(3)
        copy = Loop((rows, panels, width), 3, (Load(0, (panel, row, column)),), None)
        return self.build.add(Reshape(shape), self.build.add(copy, self.where[k]))

    def leaves_moved(self, output: str) -> bool:
        leaves = (self.old.nodes[k].op for k in self.moved)
        return any(isinstance(leaf, Leaf) and output == UPDATE + leaf.name for leaf in leaves)

    def _loop(self, node: Node, op: Loop) -> NodeId:
        moved = node.id in self.moved
        columns = {k: _column(_loads(op, k)) for k, operand in enumerate(node.inputs) if operand in self.moved}
        column = 1 if moved else next((c for c in columns.values() if c is not None), None)
        if column is None or (op.combine is Combine.ARGMAX and column >= op.parallel):  # which counts in its order
            return self._usual(node)
        first = 0 if moved else op.parallel if column > op.parallel else column  # sums go from panel to panel
        cut = _cut(op.extents, column, first)

        def place(operand: int, where: Place) -> Place:
            inside = each_index(where, cut.index)
            return (cut.panel, inside[0], cut.within) if columns.get(operand) == column else inside

        body = tuple(reindexed(instruction, place, cut.index) for instruction in op.body)
        inputs = [self.ordered(operand, columns.get(k) == column) for k, operand in enumerate(node.inputs)]
        new = replace(op, extents=cut.extents, parallel=op.parallel + (column < op.parallel), body=body)
        return self._whole(node, self.build.add(new, *inputs))

    def _contract(self, node: Node, op: Contract) -> NodeId:
        moved = node.id in self.moved
        columns = {
            k: _column((where,))
            for k, (operand, where) in enumerate(zip(node.inputs, op.operands, strict=True))
            if operand in self.moved
        }
        column = op.out[1].index if moved else next((c for c in columns.values() if c is not None), None)
        if column is None or not _may_cut(self.old, node, op, column):
            return self._usual(node)
        cut = _cut(op.extents, column, column)
        inputs: list[NodeId] = []
        reads: list[Access] = []
        for k, (operand, where) in enumerate(zip(node.inputs, op.operands, strict=True)):
            panels = columns.get(k) == column
            shape, read = cut.tensor(self.old.nodes[operand].type.shape, where, panels)
            inputs.append(self._shaped(self.ordered(operand, panels), shape))
            reads.append(read)
        shape, out = cut.tensor(op.shape, op.out, moved)
        return self._whole(node, self.build.add(Contract(cut.extents, tuple(reads), out, shape), *inputs))

    def _whole(self, node: Node, new: NodeId) -> NodeId:
        """An axis that was cut is one again, unless the node is in panels."""
        return new if node.id in self.moved else self._shaped(new, node.type.shape)

    def _shaped(self, k: NodeId, shape: Shape) -> NodeId:
        return k if self.build.type(k).shape == shape else self.build.add(Reshape(shape), k)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A nest whose loop over columns became two: `panel`, and `within` one."""

    extents: Shape
    column: int
    panel: Affine
    within: Affine
    indices: Access
    """Each old loop's index."""

    def index(self, old: Affine) -> Affine:
        return old.compose(self.indices)

    def tensor(self, shape: Shape, where: Access, panels: bool) -> tuple[Shape, Access]:
        """A matrix in panels, or any tensor whose axis that the loop walks is cut as the loop is."""
        inside = tuple(map(self.index, where))
        if panels:
            return shape_in_panels(shape), (self.panel, inside[0], self.within)
        axis = next((k for k, index in enumerate(where) if index.index == self.column), None)
        if axis is None:
            return shape, inside
        cut = (number(shape[axis]) // PANEL, PANEL)
        return (
            (*shape[:axis], *cut, *shape[axis + 1 :]),
            (*inside[:axis], self.panel, self.within, *inside[axis + 1 :]),
        )


def _cut(extents: Shape, column: int, first: int) -> _Cut:
    """The loop over panels comes as number `first`, that within one stays where the loop over columns is."""
    each = (*extents[:column], PANEL, *extents[column + 1 :])
    unit = identity(len(extents) + 1)
    rest = (*unit[:first], *unit[first + 1 :])
    both = tuple(PANEL * p + c for p, c in zip(unit[first].coefficients, rest[column].coefficients, strict=True))
    indices = (*rest[:column], Affine(both), *rest[column + 1 :])
    panels = number(extents[column]) // PANEL
    return _Cut((*each[:first], panels, *each[first:]), column, unit[first], rest[column], indices)
