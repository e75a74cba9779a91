"""The straight-line body of one fused loop, woven from a stored node back to the tensors it reads.

Views (expand, transpose, slice, and reshapes that split axes) cost nothing here: they only change the
affine indices at which their operand is read. A gather reads at an index that the body computes.

    exp(expand(%0)) over [rows, 10]   becomes   0: load x0[i0]; 1: exp(0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from dslc.graph.graph import Graph, Node, NodeId
from dslc.ops.contract import Contract
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import Gather
from dslc.ops.leaf import Constant, Iota
from dslc.ops.map import Map
from dslc.ops.random import Random
from dslc.ops.reduce import Argmax, Reduce
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Expand, Reshape, Slice, Transpose
from dslc.scalar.affine import Access, Affine, identity
from dslc.scalar.body import Apply, IndexOf, Instruction, Literal, Load, Ref, Taken
from dslc.scalar.functions import ScalarFunction, add, equal, logical_and, maximum, minimum, multiply
from dslc.scalar.functions import where as choose
from dslc.scalar.types import ROWS, DType, Extent, Shape, number

Place: TypeAlias = tuple[Affine | Taken, ...]


class BodyBuilder:
    """The straight-line body of one loop; `operands` are the stored nodes it reads, in the order of first use."""

    def __init__(self, graph: Graph, stored: set[NodeId], rank: int) -> None:
        self.graph = graph
        self.stored = stored
        self.rank = rank
        self.operands: list[NodeId] = []
        self.instructions: list[Instruction] = []
        self.places: dict[tuple[NodeId, Place], Ref] = {}
        # Keyed by text: Literal(0.0) equals Literal(-0.0), and must not stand for it.
        self.known: dict[str, Ref] = {}

    def root(self, node: Node, parallel: int) -> Ref:
        """The value that the loop stores, or combines, for `node`."""
        whole = identity(self.rank)
        match node.op:
            case Contract(extents, _, out, _):
                op, inputs = untransposed(self.graph, node.op, node.inputs)
                kept = [axis.index for axis in out if axis.index is not None]
                loops = kept + [k for k in range(len(extents)) if k not in kept]
                moved = tuple(whole[loops.index(k)] for k in range(len(extents)))
                factors = [self.read(op, k, source, moved) for k, source in enumerate(inputs)]
                product = factors[0]
                for factor in factors[1:]:
                    product = self.add(Apply(multiply, (product, factor)))
                return self.last(product)
            case Reduce(_, axes) if axes:
                return self.last(self.value(node.inputs[0], _interleaved(whole, parallel, axes)))
            case Argmax(axis):
                return self.last(self.value(node.inputs[0], _interleaved(whole, parallel, (axis,))))
            case _:
                return self.last(self.computed(node, whole))

    def last(self, value: Ref) -> Ref:
        """A body's value is its last instruction; sharing may have put it earlier."""
        if value != len(self.instructions) - 1:
            self.instructions.append(self.instructions[value])
        return len(self.instructions) - 1

    def add(self, instruction: Instruction) -> Ref:
        key = repr(instruction)
        if key not in self.known:
            self.known[key] = len(self.instructions)
            self.instructions.append(instruction)
        return self.known[key]

    def value(self, k: NodeId, at: Place) -> Ref:
        """Node `k` at the indices `at`: read if it is stored, else computed."""
        if (k, at) not in self.places:
            found = self.load(k, at) if k in self.stored else self.computed(self.graph.nodes[k], at)
            self.places[k, at] = found
        return self.places[k, at]

    def load(self, k: NodeId, at: Place) -> Ref:
        if k not in self.operands:
            self.operands.append(k)
        return self.add(Load(self.operands.index(k), at))

    def computed(self, node: Node, at: Place) -> Ref:
        """`node` at the indices `at`, from its operands."""
        match node.op:
            case Map(function):
                return self.applied(function, tuple(self.value(i, at) for i in node.inputs))
            case Constant(value, dtype):
                return self.add(Literal(value, dtype))
            case Iota():
                return self.index(at[0])
            case Gather(shared):
                table, chosen = node.inputs
                end = len(self.graph.type(chosen).shape)
                taken = Taken(self.value(chosen, at[:end]))
                return self.value(table, (*at[:shared], taken, *at[end:]))
            case Random():
                return self.draw(node.op, node.inputs, _affine(at))
            case Contract():
                op, (source,) = untransposed(self.graph, node.op, node.inputs)
                loops = [axis.index for axis in op.out]
                return self.read(op, 0, source, tuple(at[loops.index(k)] for k in range(len(op.extents))))
            case _:
                return self.value(node.inputs[0], self.before(node, at))

    def read(self, op: Contract, k: int, source: NodeId, at: Place) -> Ref:
        """Operand k of a contraction, its loops being at `at`: 0 where that leaves the operand."""
        places: list[Affine | Taken] = []
        inside: Ref | None = None
        for where, extent in zip(op.operands[k], self.graph.type(source).shape, strict=True):
            place = self.place(where, at)
            if extent is not ROWS and not where.stays(op.extents, extent):
                index = self.index(place)
                place = Taken(self.clipped(index, extent))
                here = self.add(Apply(equal, (index, place.value)))
                inside = here if inside is None else self.add(Apply(logical_and, (inside, here)))
            places.append(place)
        value = self.value(source, tuple(places))
        if inside is None:
            return value
        return self.add(Apply(choose, (inside, value, self.add(Literal(0.0, DType.REAL)))))

    def place(self, where: Affine, at: Place) -> Affine | Taken:
        """The index `where` with its loops at `at`."""
        if all(isinstance(at[k], Affine) for k, c in enumerate(where.coefficients) if c):
            zero = Affine((0,) * self.rank)
            return where.compose(tuple(index if isinstance(index, Affine) else zero for index in at))
        total = self.add(Literal(where.constant, DType.INT))
        for index, c in zip(at, where.coefficients, strict=True):
            if c:
                scaled = self.applied(multiply, (self.index(index), self.add(Literal(c, DType.INT))))
                total = self.applied(add, (total, scaled))
        return Taken(total)

    def index(self, place: Affine | Taken) -> Ref:
        """An index as a value."""
        return place.value if isinstance(place, Taken) else self.add(IndexOf(place))

    def clipped(self, index: Ref, extent: int) -> Ref:
        """The nearest index of an axis."""
        zero, last = (self.add(Literal(end, DType.INT)) for end in (0, extent - 1))
        return self.add(Apply(minimum, (self.add(Apply(maximum, (index, zero))), last)))

    def applied(self, function: ScalarFunction, arguments: tuple[Ref, ...]) -> Ref:
        """The function's value; sums and multiples of loop indices stay indices."""
        given = [self.instructions[k] for k in arguments]
        if function in (add, multiply):
            match given:
                case [IndexOf(x), IndexOf(y)] if function is add:
                    return self.add(IndexOf(_sum(x, y)))
                case [IndexOf(x), Literal(int() as value)] | [Literal(int() as value), IndexOf(x)]:
                    return self.add(IndexOf(_scaled(x, 1, value) if function is add else _scaled(x, value, 0)))
        return self.add(Apply(function, arguments))

    def before(self, node: Node, at: Place) -> Place:
        """Where a view at `at` reads its operand."""
        match node.op:
            case Expand(_, axes):
                return tuple(at[axis] for axis in axes)
            case Transpose(order):
                return tuple(at[order.index(axis)] for axis in range(len(order)))
            case Slice(starts, _, steps):
                cut = zip(_affine(at), steps, starts, strict=True)
                return tuple(_scaled(a, step, start) for a, step, start in cut)
            case Reshape(shape):
                found = before_reshape(self.graph.type(node.inputs[0]).shape, shape, _affine(at), self.rank)
                if found is not None:
                    return found
            case Reduce() | StopGradient() | DeclaredGradient():
                return at
        raise TypeError(f"{node.op.to_text()} cannot be computed inside a loop")

    def draw(self, op: Random, inputs: Sequence[NodeId], at: Access) -> Ref:
        """A random element: which one is its row-major index within its row."""
        rows = op.shape[:1] == (ROWS,)
        seed, epoch = self.value(inputs[0], ()), self.value(inputs[1], ())
        stream = self.add(Literal(op.stream, DType.INT))
        row = self.value(inputs[2], at[:1]) if rows else self.add(Literal(0, DType.INT))
        element = self.add(IndexOf(_flat(at[rows:], op.shape[rows:], self.rank)))
        return self.add(Apply(op.distribution.function, (seed, stream, epoch, row, element)))


# --- accesses through views -----------------------------------------------------------------------


def untransposed(graph: Graph, op: Contract, inputs: Sequence[NodeId]) -> tuple[Contract, tuple[NodeId, ...]]:
    """The contraction that reads the operands of transposes instead of their results."""
    accesses, sources = list(op.operands), list(inputs)
    for k in range(len(sources)):
        while isinstance(transpose := graph.nodes[sources[k]].op, Transpose):
            accesses[k] = tuple(accesses[k][transpose.order.index(axis)] for axis in range(len(transpose.order)))
            sources[k] = graph.nodes[sources[k]].inputs[0]
    return replace(op, operands=tuple(accesses)), tuple(sources)


def _interleaved(whole: Access, parallel: int, reduced: Sequence[int]) -> Access:
    """The operand's access, its `reduced` axes read by the loops from `parallel` on."""
    kept, rest = iter(whole[:parallel]), iter(whole[parallel:])
    return tuple(next(rest) if k in reduced else next(kept) for k in range(len(whole)))


def _affine(at: Place) -> Access:
    """A place without taken indices."""
    found = tuple(index for index in at if isinstance(index, Affine))
    if len(found) != len(at):
        raise TypeError("a view or a draw at an index that was taken")
    return found


def _scaled(a: Affine, factor: int, constant: int) -> Affine:
    return Affine(tuple(factor * c for c in a.coefficients), factor * a.constant + constant)


def _sum(a: Affine, b: Affine) -> Affine:
    both = zip(a.coefficients, b.coefficients, strict=True)
    return Affine(tuple(one + other for one, other in both), a.constant + b.constant)


def _flat(at: Access, shape: Sequence[Extent], rank: int) -> Affine:
    """The row-major index of `at` within `shape`, whose extents but the first are numbers."""
    coefficients, constant = [0] * rank, 0
    for axis, extent in zip(at, shape, strict=True):
        size = 1 if extent is ROWS else extent
        coefficients = [size * total + c for total, c in zip(coefficients, axis.coefficients, strict=True)]
        constant = size * constant + axis.constant
    return Affine(tuple(coefficients), constant)


def before_reshape(old: Shape, new: Shape, at: Access, rank: int) -> Access | None:
    """Where a reshape from `old` to `new`, read at `at`, reads its operand; None where that is not affine.

    The shapes are cut into groups of equal size; an old axis is affine in its group's new ones if it is the
    only one there, apart from axes of extent 1.
    """
    rank = len(at[0].coefficients) if at else rank
    zero = Affine((0,) * rank)
    found: list[Affine] = []
    k = 0
    for extent in old:
        if extent == 1:
            found.append(zero)
            continue
        while k < len(new) and new[k] == 1:
            k += 1
        first, size = k, 1
        while extent is not ROWS and size < extent and k < len(new):
            size *= number(new[k])
            k += 1
        k += extent is ROWS
        if extent is not ROWS and size != extent:
            return None
        found.append(at[first] if extent is ROWS else _flat(at[first:k], new[first:k], rank))
    return tuple(found)
