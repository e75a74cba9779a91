"""Stable forms: formulas that overflow or cancel are rewritten to equal ones that do not.

Runs before differentiation, so that gradients are taken of the stable form. It looks at a graph's shape, never
at names: a formula of the user's own gets the same treatment as the library's.

    log(sum(exp(x)))             -> m + log(sum(exp(x - m))),  m = stop_gradient(max(x))
    exp(x) / sum(exp(x))         -> exp(x - m) / sum(exp(x - m))
    log(exp(x) / sum(exp(x)))    -> (x - m) - log(sum(exp(x - m)))

The shift m cancels in each, so stopping its gradient changes no derivative, the second included.
"""

from __future__ import annotations

from dslc.graph.graph import Builder, Graph, NodeId, Op
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Expand
from dslc.passes.pattern import Equation, Hole, formulas
from dslc.passes.rewrite import rewrite
from dslc.passes.simplify import algebra, fold
from dslc.scalar.functions import add, divide, exp, expm1, log, log1p, sigmoid, softplus, subtract, tanh

x, y = Hole("x"), Hole("y")

LOG_2 = 0.6931471805599453

FORMULAS: tuple[Equation, ...] = (
    (log(1.0 + exp(x)), softplus(x)),
    (log1p(exp(x)), softplus(x)),
    (exp(x) / (1.0 + exp(x)), sigmoid(x)),
    (expm1(2.0 * x) / (1.0 + exp(2.0 * x)), tanh(x)),
    (y / (1.0 + exp(-x)), y * sigmoid(x)),
    (y / (1.0 + exp(x)), y * sigmoid(-x)),
    (log(sigmoid(x)), -softplus(-x)),
    (log(1.0 - sigmoid(x)), -softplus(x)),
    ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
    (2.0 * sigmoid(2.0 * x) - 1.0, tanh(x)),
    (log((exp(x) + exp(-x)) / 2.0), x + softplus(-2.0 * x) - LOG_2),
    (log(exp(x) / y), x - log(y)),
    (log(1.0 + x), log1p(x)),
    (exp(x) - 1.0, expm1(x)),
)


def stabilise(graph: Graph) -> Graph:
    """The graph with the stable forms in the place of the others; algebra lets one form feed the next."""
    return rewrite(graph, (_softmax, _log_sum_exp, formulas(FORMULAS), fold, algebra))


def _log_sum_exp(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if op != Map(log):
        return None
    total = build.nodes[inputs[0]]
    exponent = _exponent(build, total.inputs[0]) if total.inputs else None
    if exponent is None or not isinstance(total.op, Reduce) or total.op.kind is not ReduceKind.SUM:
        return None
    if _shifted(build, exponent):
        return None
    largest, shifted = _shift(build, exponent, total.op.axes)
    return build.add(Map(add), largest, build.add(Map(log), build.add(total.op, build.add(Map(exp), shifted))))


def _softmax(build: Builder, op: Op, inputs: tuple[NodeId, ...]) -> NodeId | None:
    if op != Map(divide):
        return None
    exponent, spread = _exponent(build, inputs[0]), build.nodes[inputs[1]]
    if exponent is None or not isinstance(spread.op, Expand) or _shifted(build, exponent):
        return None
    total = build.nodes[spread.inputs[0]]
    if not isinstance(total.op, Reduce) or total.op.kind is not ReduceKind.SUM or total.inputs != inputs[:1]:
        return None
    # Over other axes than those that were summed, the shifts of the two exponentials would not cancel.
    if spread.op.axes != _kept(build, exponent, total.op.axes):
        return None
    _, shifted = _shift(build, exponent, total.op.axes)
    power = build.add(Map(exp), shifted)
    return build.add(op, power, build.add(spread.op, build.add(total.op, power)))


def _exponent(build: Builder, node: NodeId) -> NodeId | None:
    """x where the node is exp(x)."""
    found = build.nodes[node]
    return found.inputs[0] if found.op == Map(exp) else None


def _shift(build: Builder, node: NodeId, axes: tuple[int, ...]) -> tuple[NodeId, NodeId]:
    """m, the maximum over the axes, and node - m."""
    largest = build.add(StopGradient(), build.add(Reduce(ReduceKind.MAX, axes), node))
    spread = build.add(Expand(build.type(node).shape, _kept(build, node, axes)), largest)
    return largest, build.add(Map(subtract), node, spread)


def _kept(build: Builder, node: NodeId, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The node's axes that a reduction over `axes` leaves."""
    return tuple(axis for axis in range(len(build.type(node).shape)) if axis not in axes)


def _shifted(build: Builder, node: NodeId) -> bool:
    """Whether a maximum has been subtracted already, by this pass or by whoever wrote the formula."""
    difference = build.nodes[node]
    if difference.op != Map(subtract):
        return False
    spread = build.nodes[difference.inputs[1]]
    while isinstance(spread.op, Expand | StopGradient):
        spread = build.nodes[spread.inputs[0]]
    return isinstance(spread.op, Reduce) and spread.op.kind is ReduceKind.MAX
