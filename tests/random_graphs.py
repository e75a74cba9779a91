"""Random graphs for what must hold of every graph: passes keep meanings, lowering keeps meanings.

Graphs are small and made of what the rules look for: constants, signs, choices, sums, repeated axes. Whatever
jumps (comparisons, sign, argmax) reads leaves only, so that rounding cannot move a value over a jump.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from gradient_check import values_for

from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, NodeId, TensorType
from dslc.graph.verify import verify
from dslc.ops.contract import contraction
from dslc.ops.gather import Gather
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.sample import Operand
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Expand, Pad, Reshape, Slice, Transpose
from dslc.scalar import functions as f
from dslc.scalar.types import ROWS, DType, Extent, Shape

UNARY = (f.negate, f.exp, f.tanh, f.sigmoid, f.softplus, f.absolute, f.sin, f.erf, f.expm1)
BINARY = (f.add, f.subtract, f.multiply, f.maximum, f.minimum)
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A graph with outputs `y0`, `y1`, ..., a point at which to take it, and the number of rows there."""

    graph: Graph
    leaves: dict[NodeId, Array]
    rows: int

    def by_name(self) -> dict[str, Array]:
        """The leaves' values by the leaves' keys, as a rewritten graph needs them."""
        return {str(self.graph.nodes[node].op.key): value for node, value in self.leaves.items()}


def random_case(seed: int, size: int = 20) -> Case:
    draw = np.random.default_rng(seed)
    build, rows = Builder(), int(draw.choice([1, 2, 5]))
    shapes: tuple[Shape, ...] = ((ROWS, 3), (3,), (ROWS,), (), (ROWS, 2, 3))
    operands = [Operand(TensorType(shape)) for shape in shapes]
    operands.append(Operand(TensorType((ROWS,), DType.INT), 0, 3))
    for k, operand in enumerate(operands):
        build.add(Leaf(LeafRole.INPUT, f"x{k}", operand.type))
    steps: list[Callable[[Builder, np.random.Generator, NodeId], NodeId]] = [
        *(_unary, _binary, _binary, _number, _number, _power, _choice),
        *(_reduced, _expanded, _moved, _cut, _contracted, _chosen, _softmax, _stopped),
    ]
    for _ in range(size):
        x = int(draw.choice([node.id for node in build.nodes if node.type.dtype is DType.REAL]))
        steps[int(draw.integers(len(steps)))](build, draw, x)
    reals = [node.id for node in build.nodes if node.type.dtype is DType.REAL]
    outputs = {f"y{k}": node for k, node in enumerate(reals[-4:])}
    leaves = {k: values_for(operand, rows, draw) for k, operand in enumerate(operands)}
    return Case(verify(build.graph(outputs)), leaves, rows)


def outputs_of(graph: Graph, leaves: dict[str, Array], rows: int) -> dict[str, Array]:
    """The outputs by name, leaves given by key."""
    given = {node.id: leaves[node.op.key] for node in graph.nodes if node.op.key in leaves}
    values = evaluate(graph, given, rows, list(graph.outputs.values()))
    return {name: values[node] for name, node in graph.outputs.items()}


def largest(case: Case) -> float:
    """The largest value anywhere in the graph, the scale of its rounding errors."""
    reals = [node.id for node in case.graph.nodes if node.type.dtype is DType.REAL]
    return max(float(np.max(np.abs(np.asarray(value, np.float64)))) for value in
               evaluate(case.graph, case.leaves, case.rows, reals).values())  # fmt: skip


def _match(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    """A node of the shape of x, made by repetition where there is none."""
    shape = build.type(x).shape
    same = [n.id for n in build.nodes if n.type.shape == shape and n.type.dtype is DType.REAL]
    if draw.random() < 0.6:
        return int(draw.choice(same))
    axes = (len(shape) - 1,) if shape[-1:] == (3,) else ()
    return build.add(Expand(shape, axes), 1 if axes else 3)


def _unary(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    return build.add(Map(UNARY[int(draw.integers(len(UNARY)))]), x)


def _binary(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    return build.add(Map(BINARY[int(draw.integers(len(BINARY)))]), x, _match(build, draw, x))


def _number(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    number = filled(build, float(draw.choice(NUMBERS)), build.type(x).shape)
    pair = (x, number) if draw.random() < 0.5 else (number, x)
    return build.add(Map(BINARY[int(draw.integers(3))]), *pair)


def _power(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    positive = build.add(Map(f.add), build.add(Map(f.absolute), x), filled(build, 0.5, build.type(x).shape))
    exponent = filled(build, float(draw.choice([0, 1, 2, 3, 0.5, -1, -2])), build.type(x).shape)
    return build.add(Map(f.power), positive, exponent)


def _choice(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    leaves = [n.id for n in build.nodes if isinstance(n.op, Leaf) and n.type == build.type(x)]
    condition = build.add(Map(f.greater), leaves[0] if leaves else filled(build, 1.0, shape), filled(build, 0.0, shape))
    other = filled(build, 0.0, shape) if draw.random() < 0.5 else _match(build, draw, x)
    return build.add(Map(f.where), condition, *((x, other) if draw.random() < 0.5 else (other, x)))


def _reduced(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    axes = tuple(axis for axis in range(len(shape)) if draw.random() < 0.5)
    return build.add(Reduce((ReduceKind.SUM, ReduceKind.SUM, ReduceKind.MAX)[int(draw.integers(3))], axes), x)


def _expanded(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    if len(shape) >= 3 or ROWS in shape:
        return build.add(Expand((*shape, 2), tuple(range(len(shape)))), x)
    leading: Extent = ROWS if draw.random() < 0.5 else 2
    return build.add(Expand((leading, *shape), tuple(range(1, len(shape) + 1))), x)


def _moved(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    if shape[:1] == (ROWS,) and len(shape) > 1 and draw.random() < 0.5 and ROWS not in shape[1:]:
        inner = [extent for extent in shape[1:] if extent is not ROWS]
        flat = build.add(Reshape((ROWS, int(np.prod(inner)))), x)
        return flat if draw.random() < 0.5 else build.add(Reshape((ROWS, *inner[::-1])), flat)
    return build.add(Transpose(tuple(int(k) for k in draw.permutation(len(shape)))), x)


def _cut(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    if draw.random() < 0.5:
        return build.add(Pad((0,) * len(shape), tuple(int(extent is not ROWS) for extent in shape)), x)
    starts = tuple(0 if extent is ROWS else int(draw.integers(extent)) for extent in shape)
    return build.add(Slice(starts, shape, (1,) * len(shape)), x)


def _contracted(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    if not shape:
        return build.add(contraction(((),), (), ()), x)
    rank = len(shape)
    weights = build.add(Expand((shape[-1], 2), (0,) if shape[-1] == 3 else ()), 1 if shape[-1] == 3 else 3)
    op = contraction(((*range(rank),), (rank - 1, rank)), (*range(rank - 1), rank), (*shape, 2))
    return build.add(op, x, weights)


def _chosen(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    place = build.add(Argmax(1), 0) if draw.random() < 0.5 else 5
    return build.add(Gather(1), 0, place)


def _softmax(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    shape = build.type(x).shape
    if not shape:
        return x
    power = build.add(Map(f.exp), x)
    total = build.add(Reduce(ReduceKind.SUM, (len(shape) - 1,)), power)
    if draw.random() < 0.5:
        return build.add(Map(f.log), total)
    return build.add(Map(f.divide), power, build.add(Expand(shape, tuple(range(len(shape) - 1))), total))


def _stopped(build: Builder, draw: np.random.Generator, x: NodeId) -> NodeId:
    return build.add(StopGradient(), x)
