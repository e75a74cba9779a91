"""Differentiation: gradients of compositions, of gradients, and of nothing; and a checker that can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from gradient_check import check_sample, values_for

from dslc.autodiff import differentiate
from dslc.derivatives import TOLERANCE, compare
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, Node, NodeId, Op, Origin, Role, TensorType
from dslc.graph.verify import verify
from dslc.ops.contract import contraction, matmul
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import Gather
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.map import Map, Value
from dslc.ops.reduce import Argmax, Reduce, ReduceKind
from dslc.ops.sample import Operand, Sample, real
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Expand, Slice
from dslc.scalar.affine import identity
from dslc.scalar.body import Load
from dslc.scalar.functions import (
    FUNCTIONS,
    ScalarFunction,
    Term,
    add,
    exp,
    greater,
    maximum,
    multiply,
    negate,
    sigmoid,
    softplus,
    tanh,
    where,
)
from dslc.scalar.types import ROWS, DType, Shape
from dslc.source import Source, Span


def leaf(build: Builder, name: str, *shape: int) -> Value:
    return Value(build, build.add(Leaf(LeafRole.INPUT, name, TensorType(shape))))


def node(term: Term) -> NodeId:
    assert isinstance(term, Value)
    return term.node


def derive(build: Builder, of: NodeId, wrt: Sequence[NodeId]) -> tuple[Graph, tuple[NodeId, ...]]:
    """The gradients within all that has been built, the arguments included."""
    graph, gradients = differentiate(verify(build.graph({})), of, wrt)
    return verify(graph), gradients


def total(build: Builder, term: NodeId) -> NodeId:
    return build.add(Reduce(ReduceKind.SUM, tuple(range(len(build.type(term).shape)))), term)


@dataclass(frozen=True, slots=True)
class Composition:
    name: str
    shapes: tuple[Shape, ...]
    build: Callable[[Builder, Sequence[NodeId]], NodeId]


def _softmax_cross_entropy(build: Builder, inputs: Sequence[NodeId]) -> NodeId:
    (z,) = inputs
    chosen = build.add(Argmax(1), build.add(StopGradient(), z))
    power = build.add(Map(exp), z)
    log_sum = build.add(Map(FUNCTIONS["log"]), build.add(Reduce(ReduceKind.SUM, (1,)), power))
    return build.add(Map(FUNCTIONS["subtract"]), log_sum, build.add(Gather(1), z, chosen))


def _two_layers(build: Builder, inputs: Sequence[NodeId]) -> NodeId:
    x, w1, b1, w2 = inputs
    h = build.add(matmul((ROWS, 3), (3, 4)), x, w1)
    h = build.add(Map(tanh), build.add(Map(add), h, build.add(Expand((ROWS, 4), (1,)), b1)))
    return build.add(matmul((ROWS, 4), (4, 2)), h, w2)


def _normalised(build: Builder, inputs: Sequence[NodeId]) -> NodeId:
    (x,) = inputs
    mean = build.add(Reduce(ReduceKind.SUM, (1,)), x)
    spread = Value(build, x) - Value(build, build.add(Expand((ROWS, 3), (0,)), mean)) / 3.0
    variance = build.add(Reduce(ReduceKind.SUM, (1,)), node(spread * spread))
    scale = build.add(Expand((ROWS, 3), (0,)), node(FUNCTIONS["sqrt"](Value(build, variance) / 3.0 + 0.1)))
    return node(spread / Value(build, scale))


def _strided(build: Builder, inputs: Sequence[NodeId]) -> NodeId:
    (x,) = inputs
    every_second = build.add(Slice((0, 4), (ROWS, -1), (1, -2)), x)
    return build.add(contraction(((0, 1), (0, 1)), (0,), (ROWS, 3)), every_second, every_second)


COMPOSITIONS = (
    Composition("softmax cross-entropy", ((ROWS, 4),), _softmax_cross_entropy),
    Composition("two layers", ((ROWS, 3), (3, 4), (4,), (4, 2)), _two_layers),
    Composition("normalisation", ((ROWS, 3),), _normalised),
    Composition("a strided slice against itself", ((ROWS, 5),), _strided),
)


def composed(case: Composition) -> tuple[Graph, list[NodeId], NodeId]:
    build = Builder()
    leaves = [build.add(Leaf(LeafRole.INPUT, f"x{k}", TensorType(shape))) for k, shape in enumerate(case.shapes)]
    out = case.build(build, leaves)
    return build.graph({"out": out}), leaves, out


def point(graph: Graph, leaves: Sequence[NodeId], rows: int, draw: np.random.Generator) -> dict[NodeId, Array]:
    return {each: values_for(Operand(graph.type(each)), rows, draw) for each in leaves}


@pytest.mark.parametrize("case", COMPOSITIONS, ids=lambda case: case.name)
def test_gradients_of_compositions(case: Composition) -> None:
    graph, leaves, out = composed(case)
    draw = np.random.default_rng(0)
    for rows in (1, 3, 5):
        for check in compare(graph, out, leaves, point(graph, leaves, rows, draw), rows=rows, draw=draw):
            assert check.error < TOLERANCE


@pytest.mark.parametrize("case", COMPOSITIONS, ids=lambda case: case.name)
def test_second_derivatives_of_compositions(case: Composition) -> None:
    graph, leaves, out = composed(case)
    build = Builder(graph)
    graph, gradients = derive(build, total(build, out), leaves)
    draw = np.random.default_rng(1)
    for gradient in gradients:
        for check in compare(graph, gradient, leaves, point(graph, leaves, 3, draw), rows=3, draw=draw):
            assert check.error < TOLERANCE


@pytest.mark.parametrize(
    "function", [f for f in FUNCTIONS.values() if f.derivative is not None and f.name != "where"], ids=repr
)
def test_second_derivatives_of_scalar_functions(function: ScalarFunction) -> None:
    build = Builder()
    leaves = [node(leaf(build, f"x{k}", 4)) for k in range(function.arity)]
    out = build.add(Map(function), *leaves)
    graph, gradients = derive(build, total(build, out), leaves)
    draw = np.random.default_rng(2)
    for _ in range(5):
        at = {each: draw.uniform(*where, 4) for each, where in zip(leaves, function.domain, strict=True)}
        for gradient in gradients:
            for check in compare(graph, gradient, leaves, at, rows=1, draw=draw):
                assert check.error < TOLERANCE


def test_a_third_derivative() -> None:
    build = Builder()
    x = leaf(build, "x")
    of = build.add(Map(FUNCTIONS["power"]), x.node, node(0.0 * x + 5.0))
    graph = build.graph({})
    for _ in range(3):
        graph, (of,) = differentiate(graph, of, [x.node])
    assert evaluate(graph, {x.node: np.array(2.0)}, 1, [of])[of] == pytest.approx(60 * 2.0**2)


def test_where_no_path_leads_the_gradient_is_zero() -> None:
    build = Builder()
    x, y = leaf(build, "x", 3), leaf(build, "y", 2)
    jump = where(greater(y, 0.0), y * 0.0, 1.0)
    out = total(build, node(x * 2.0))
    graph, gradients = derive(build, out, [y.node, x.node, node(jump)])
    values = evaluate(graph, {x.node: np.ones(3), y.node: np.ones(2)}, 1, gradients)
    assert [values[gradient].tolist() for gradient in gradients] == [[0, 0], [2, 2, 2], [0, 0]]


def test_the_gradient_of_a_tensor_for_itself_is_one() -> None:
    build = Builder()
    x = leaf(build, "x", 2)
    graph, (gradient,) = derive(build, x.node, [x.node])
    assert evaluate(graph, {x.node: np.zeros(2)}, 1, [gradient])[gradient].tolist() == [1, 1]


def test_an_inner_node_may_be_differentiated_for() -> None:
    build = Builder()
    x = leaf(build, "x")
    y = exp(x)
    graph, gradients = derive(build, node(y * y), [node(y), x.node])
    values = evaluate(graph, {x.node: np.array(1.0)}, 1, gradients)
    assert [float(values[g]) for g in gradients] == pytest.approx([2 * np.e, 2 * np.e**2])


def test_stop_gradient_stops() -> None:
    build = Builder()
    x = leaf(build, "x")
    held = Value(build, build.add(StopGradient(), x.node))
    graph, (gradient,) = derive(build, node(x * held), [x.node])
    assert evaluate(graph, {x.node: np.array(3.0)}, 1, [gradient])[gradient] == 3


def test_ties_of_a_maximum_go_to_the_first() -> None:
    build = Builder()
    x = leaf(build, "x", 2, 3)
    out = build.add(Reduce(ReduceKind.MAX, (0, 1)), x.node)
    graph, (gradient,) = derive(build, out, [x.node])
    at = np.array([[1.0, 5.0, 5.0], [5.0, 0.0, 5.0]])
    assert evaluate(graph, {x.node: at}, 1, [gradient])[gradient].tolist() == [[0, 1, 0], [0, 0, 0]]


def test_relu_has_slope_zero_at_zero_either_way_round() -> None:
    build = Builder()
    x = leaf(build, "x", 3)
    for out in (maximum(x, 0.0), maximum(0.0, x)):
        graph, (gradient,) = derive(build, node(out), [x.node])
        at = {x.node: np.array([-1.0, 0.0, 1.0])}
        assert evaluate(graph, at, 1, [gradient])[gradient].tolist() == [0, 0, 1]


def declared(build: Builder, x: Value, rule: Callable[[Value], Term], value: Term) -> Value:
    placeholder = Value(build, build.add(Leaf(LeafRole.GRADIENT, "grad", build.type(x.node))))
    rule_node = node(rule(placeholder))
    return Value(build, build.add(DeclaredGradient(), node(value), placeholder.node, x.node, rule_node))


def test_a_declared_gradient_replaces_the_derivative() -> None:
    build = Builder()
    x = leaf(build, "x", 2)
    out = declared(build, x, lambda grad: grad * x * 10.0, value=exp(x)) * 3.0
    graph, (gradient,) = derive(build, node(out), [x.node])
    values = evaluate(verify(graph), {x.node: np.array([1.0, 2.0])}, 1, [gradient, node(out)])
    assert values[gradient].tolist() == [30, 60]
    np.testing.assert_allclose(values[node(out)], 3 * np.exp([1.0, 2.0]))


def test_a_declared_gradient_may_ignore_what_arrives_and_be_used_twice() -> None:
    build = Builder()
    x = leaf(build, "x")
    constant = declared(build, x, lambda grad: x + 7.0 - x, value=x * x)
    scaled = declared(build, x, lambda grad: grad + grad, value=x * x)
    graph, (gradient,) = derive(build, node(constant * 5.0 + scaled * 5.0 + scaled), [x.node])
    assert evaluate(graph, {x.node: np.array(1.0)}, 1, [gradient])[gradient] == 7 + 10 + 2


def test_a_declared_gradient_inside_another() -> None:
    build = Builder()
    x = leaf(build, "x")
    inner = declared(build, x, lambda grad: grad * 2.0, value=x)
    outer = declared(build, inner, lambda grad: grad * 3.0, value=inner)
    graph, (gradient,) = derive(build, outer.node, [x.node])
    assert evaluate(graph, {x.node: np.array(1.0)}, 1, [gradient])[gradient] == 6


def test_a_declared_gradient_that_is_the_derivative_passes_the_checker() -> None:
    build = Builder()
    x = leaf(build, "x", 3)
    out = declared(build, x, lambda grad: grad * sigmoid(x), value=softplus(x))
    draw = np.random.default_rng(0)
    for of in (out.node, node(out * out)):
        (check,) = compare(build.graph({}), of, [x.node], {x.node: draw.normal(size=3)}, rows=1, draw=draw)
        assert check.error < TOLERANCE


def test_gradients_inherit_their_origin() -> None:
    build = Builder()
    x = leaf(build, "x", 3)
    build.origin = Origin(Span(Source("a.dsl", "exp(x)"), 0, 6), "net.h")
    graph, _ = derive(build, node(exp(x)), [x.node])
    added = graph.nodes[len(build.nodes) :]
    assert added
    assert all(each.origin == build.origin.serving(Role.GRADIENT) for each in added)


def test_whole_numbers_and_fused_loops_are_refused() -> None:
    build = Builder()
    x = leaf(build, "x", 3)
    index = build.add(Argmax(0), x.node)
    fused = build.add(Loop((3,), 1, (Load(0, identity(1)),), None), x.node)
    with pytest.raises(TypeError, match="real"):
        derive(build, index, [x.node])
    with pytest.raises(TypeError, match="real"):
        derive(build, x.node, [index])
    with pytest.raises(TypeError, match="before fusing"):
        derive(build, fused, [x.node])


def test_a_row_with_a_wrong_derivative_fails_the_checker() -> None:
    draw = np.random.default_rng(0)
    wrong = {
        "a sign": replace(FUNCTIONS["sin"], derivative=lambda x, out, g: (-(g * FUNCTIONS["cos"](x)),)),
        "a factor": replace(FUNCTIONS["sigmoid"], derivative=lambda x, out, g: (g * out,)),
        "a thousandth": replace(FUNCTIONS["exp"], derivative=lambda x, out, g: (g * out * 1.001,)),
        "none": replace(FUNCTIONS["tanh"], derivative=None),
        "one operand": replace(FUNCTIONS["multiply"], derivative=lambda x, y, out, g: (g * y, None)),
        "exchanged": replace(FUNCTIONS["divide"], derivative=lambda x, y, out, g: (-(g * out / y), g / y)),
    }
    for name, function in wrong.items():
        operands = tuple(Operand(TensorType((3,)), *where) for where in function.domain)
        assert max(check.error for check in check_sample(Sample(Map(function), operands), 1, draw)) > 1e-4, name


class WrongSum(Reduce):
    """A sum whose gradient reaches only half as far."""

    __slots__ = ()

    def gradient(self, build: Builder, node: Node, g: NodeId) -> tuple[NodeId | None, ...]:
        (right,) = Reduce.gradient(self, build, node, g)
        assert right is not None
        return (build.add(Map(multiply), right, build.add(Map(negate), right)),)


def test_a_primitive_with_a_wrong_gradient_fails_the_checker() -> None:
    wrong: Op = WrongSum(ReduceKind.SUM, (0,))
    checks = check_sample(Sample(wrong, (real((ROWS, 2)),)), 3, np.random.default_rng(0))
    assert max(check.error for check in checks) > 1e-4
    assert DType.REAL is sample_type(wrong)


def sample_type(op: Op) -> DType:
    return op.infer([TensorType((ROWS, 2))]).dtype
