"""Simplification: constants are folded, neutral elements vanish, maps and sums move to the smaller tensors.

The rules read as formulas where they can; those on shapes are in `shapes.py`. They treat REAL as real
numbers (`x * 0` is 0, the constants of a product are multiplied first) and keep every value that is finite,
up to rounding.

    x * 1, x + 0, --x -> x       k * (m * x) -> (k * m) * x       where(c, a, 0) + where(c, 0, b) -> where(c, a, b)
    exp(expand(a)) -> expand(exp(a))                sum(x * expand(a)) -> sum(x) * a
"""

from __future__ import annotations

import numpy as np

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.map import Map, filled
from dslc.passes.pattern import Equation, Hole, constant, formulas
from dslc.passes.rewrite import rewrite
from dslc.passes.shapes import SHAPES
from dslc.scalar.functions import exp, log, logical_not, maximum, minimum, negate, where
from dslc.scalar.types import DType

a, b, c, x, y = (Hole(name) for name in "abcxy")
k, m = Hole("k", constant=True), Hole("m", constant=True)

# fmt: off
ALGEBRA: tuple[Equation, ...] = (
    # neutral and absorbing elements
    (x + 0.0, x), (x - 0.0, x), (0.0 - x, -x), (x * 1.0, x), (x * 0.0, 0.0), (x / 1.0, x),
    (x ** 0.0, 1.0), (x ** 1.0, x),
    # signs move outward, where sums and differences take them up
    (negate(negate(x)), x), (x * -1.0, -x), (x / -1.0, -x), (x + -y, x - y), (x - -y, x + y), (-(x - y), y - x),
    (-x * y, -(x * y)), (-x / y, -(x / y)), (x / -y, -(x / y)),
    # the constants of a product meet
    (x + x, 2.0 * x), (k * x + x, (k + 1.0) * x), (k * x + m * x, (k + m) * x),
    (k * (m * x), (k * m) * x), (k * x / m, (k / m) * x), (k * (x / m), (k / m) * x),
    (k * (m / x), (k * m) / x), (-(k * x), -k * x),
    # choices; what gradients multiply by a one-sided choice goes inside it
    (where(True, x, y), x), (where(False, x, y), y), (where(c, x, x), x), (where(logical_not(c), x, y), where(c, y, x)),
    (where(c, where(c, a, b), y), where(c, a, y)), (where(c, x, where(c, a, b)), where(c, x, b)),
    (where(c, a, 0.0) * y, where(c, a * y, 0.0)), (where(c, 0.0, b) * y, where(c, 0.0, b * y)),
    (where(c, a, 0.0) / y, where(c, a / y, 0.0)), (where(c, 0.0, b) / y, where(c, 0.0, b / y)),
    (-where(c, a, 0.0), where(c, -a, 0.0)), (-where(c, 0.0, b), where(c, 0.0, -b)),
    (where(c, a, b) + where(c, x, y), where(c, a + x, b + y)),
    # others
    (log(exp(x)), x), (maximum(x, x), x), (minimum(x, x), x), (logical_not(logical_not(x)), x),
)
# fmt: on

algebra = formulas(ALGEBRA)


def simplify(graph: Graph) -> Graph:
    """The same outputs from fewer and smaller nodes."""
    return rewrite(graph, (fold, algebra, *SHAPES))


def fold(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    """A map of constants is a constant."""
    if not isinstance(op, Map):
        return None
    values = [constant(build, source) for source in inputs]
    if None in values:
        return None
    result = op.infer([build.type(source) for source in inputs])
    number: bool | int | float = op.evaluate([np.asarray(value) for value in values], 1).item()
    return filled(build, float(number) if result.dtype is DType.REAL else number, result.shape, result.dtype)
