"""Stable forms: each rewrite is found, keeps values and gradients, and stays finite where the formula does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import largest, outputs_of, random_case

from dslc.autodiff import differentiate
from dslc.derivatives import TOLERANCE, compare
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array, Builder, Graph, NodeId, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, Value
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand
from dslc.passes import BEFORE_DIFFERENTIATION, apply
from dslc.passes.simplify import simplify
from dslc.passes.stabilise import stabilise
from dslc.scalar.functions import FUNCTIONS, Term, exp, log, log1p, sigmoid
from dslc.scalar.types import ROWS

Formula = Callable[[Value], Term]

SCALAR: dict[str, tuple[Formula, set[str]]] = {
    "softplus": (lambda x: log(1.0 + exp(x)), {"softplus"}),
    "softplus, one last": (lambda x: log(exp(x) + 1.0), {"softplus"}),
    "softplus of log1p": (lambda x: log1p(exp(x)), {"softplus"}),
    "softplus of a negative": (lambda x: log(1.0 + exp(-x)), {"negate", "softplus"}),
    "sigmoid": (lambda x: 1.0 / (1.0 + exp(-x)), {"sigmoid"}),
    "sigmoid of a negative": (lambda x: 1.0 / (1.0 + exp(x)), {"sigmoid", "negate"}),
    "sigmoid as a quotient": (lambda x: exp(x) / (1.0 + exp(x)), {"sigmoid"}),
    "silu": (lambda x: x / (1.0 + exp(-x)), {"multiply", "sigmoid"}),
    "log sigmoid": (lambda x: log(1.0 / (1.0 + exp(-x))), {"negate", "softplus"}),
    "log of one minus sigmoid": (lambda x: log(1.0 - sigmoid(x)), {"negate", "softplus"}),
    "tanh": (lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), {"tanh"}),
    "tanh of twice": (lambda x: (exp(2.0 * x) - 1.0) / (exp(2.0 * x) + 1.0), {"tanh"}),
    "tanh by sigmoid": (lambda x: 2.0 * (1.0 / (1.0 + exp(-(2.0 * x)))) - 1.0, {"tanh"}),
    "log1p": (lambda x: log(1.0 + 0.0 * x + exp(x) * exp(-x)), {"exp", "log1p", "multiply", "negate"}),
}


def row(formula: Callable[[Builder, NodeId], NodeId]) -> Graph:
    """The formula over a tensor [rows, 5]."""
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((ROWS, 5))))
    return build.graph({"y": formula(build, x), "x": x})


def scalar(formula: Formula) -> Graph:
    def build_formula(build: Builder, x: NodeId) -> NodeId:
        result = formula(Value(build, x))
        assert isinstance(result, Value)
        return result.node

    return row(build_formula)


def log_sum_exp(build: Builder, x: NodeId) -> NodeId:
    return build.add(Map(log), build.add(Reduce(ReduceKind.SUM, (1,)), build.add(Map(exp), x)))


def softmax(build: Builder, x: NodeId) -> NodeId:
    power = build.add(Map(exp), x)
    total = build.add(Reduce(ReduceKind.SUM, (1,)), build.add(Map(exp), x))
    return build.add(Map(FUNCTIONS["divide"]), power, build.add(Expand(build.type(x).shape, (0,)), total))


def log_softmax(build: Builder, x: NodeId) -> NodeId:
    return build.add(Map(log), softmax(build, x))


ROWS_OF: dict[str, Callable[[Builder, NodeId], NodeId]] = {
    "log sum exp": log_sum_exp,
    "softmax": softmax,
    "log softmax": log_softmax,
}
GRAPHS = {name: scalar(formula) for name, (formula, _) in SCALAR.items()} | {n: row(f) for n, f in ROWS_OF.items()}


def value(graph: Graph, x: Array) -> Array:
    return outputs_of(graph, {"input x": x}, len(x))["y"]


def functions_in(graph: Graph) -> set[str]:
    return {node.op.function.name for node in graph.nodes if isinstance(node.op, Map)}


@pytest.mark.parametrize("name", SCALAR)
def test_the_form_is_recognised(name: str) -> None:
    formula, expected = SCALAR[name]
    assert functions_in(apply(scalar(formula), BEFORE_DIFFERENTIATION)) == expected


@pytest.mark.parametrize("name", GRAPHS)
def test_values_and_gradients_stay(name: str) -> None:
    draw = np.random.default_rng(0)
    before, after = GRAPHS[name], apply(GRAPHS[name], BEFORE_DIFFERENTIATION)
    x = draw.uniform(-3, 3, (4, 5))
    np.testing.assert_allclose(value(after, x), value(before, x), rtol=1e-12, atol=1e-13)
    (check,) = compare(after, after.outputs["y"], [after.outputs["x"]], {after.outputs["x"]: x}, rows=4, draw=draw)
    assert check.error < TOLERANCE


@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "log1p"])
def test_values_and_gradients_are_finite_far_out(name: str) -> None:
    graph = apply(GRAPHS[name], BEFORE_DIFFERENTIATION)
    x = np.array([[-1000.0, 1000.0, 0.0, 900.0, -900.0], [1000.0] * 5, [-1000.0] * 5])
    assert np.all(np.isfinite(value(graph, x)))
    leaf = graph.outputs["x"]
    differentiated, (gradient,) = differentiate(graph, graph.outputs["y"], [leaf])
    assert np.all(np.isfinite(evaluate(differentiated, {leaf: x}, 3, [gradient])[gradient]))


def test_a_formula_that_is_shifted_already_stays() -> None:
    def shifted(build: Builder, x: NodeId) -> NodeId:
        largest = build.add(Reduce(ReduceKind.MAX, (1,)), x)
        spread = build.add(Expand(build.type(x).shape, (0,)), largest)
        return log_sum_exp(build, build.add(Map(FUNCTIONS["subtract"]), x, spread))

    graph = apply(row(shifted), BEFORE_DIFFERENTIATION)
    assert len(stabilise(graph).nodes) == len(graph.nodes)


def test_log_sum_exp_is_stable_over_several_axes() -> None:
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((2, ROWS, 3))))
    spread = build.add(Map(exp), x)
    graph = build.graph({"y": build.add(Map(log), build.add(Reduce(ReduceKind.SUM, (0, 2)), spread)), "x": x})
    point = np.random.default_rng(0).uniform(-2, 2, (2, 4, 3))
    np.testing.assert_allclose(value_of(stabilise(graph), point), value_of(graph, point), rtol=1e-12)
    assert np.all(np.isfinite(value_of(stabilise(graph), point * 500)))


def value_of(graph: Graph, x: Array) -> Array:
    return outputs_of(graph, {"input x": x}, 4)["y"]


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_gradients_of_random_graphs_stay(seed: int) -> None:
    case = random_case(seed)
    scale = largest(case)
    if scale > 1e3:
        return
    gradients = []
    simple = simplify(case.graph)  # `max(x, x)` is smooth only once it is simplified
    for graph in (simple, stabilise(simple)):
        of = graph.outputs["y0"]
        leaves = {str(node.op.key): node.id for node in graph.nodes if node.op.key is not None}
        wrt = [leaves[f"input x{k}"] for k in range(5) if f"input x{k}" in leaves]
        differentiated, found = differentiate(graph, of, wrt)
        named = {str(graph.nodes[leaf].op.key): node for leaf, node in zip(wrt, found, strict=True)}
        gradients.append(outputs_of(Graph(differentiated.nodes, named), case.by_name(), case.rows))
    for name, gradient in gradients[1].items():
        assert np.all(np.abs(gradient - gradients[0][name]) <= 1e-8 * max(scale**2, np.max(np.abs(gradient)))), name


def test_log_sum_exp_over_the_batch_is_stable_too() -> None:
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((ROWS,))))
    total = build.add(Reduce(ReduceKind.SUM, (0,)), build.add(Map(exp), x))
    graph = stabilise(build.graph({"y": build.add(Map(log), total), "x": x}))
    assert np.isfinite(value(graph, np.array([1000.0, 999.0])))


def test_a_quotient_by_the_total_of_another_axis_is_no_softmax() -> None:
    """exp(x[i, j]) / sum(exp(x[k, i]) over k): the maxima that a shift would subtract are not the same."""
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((3, 3))))
    power = build.add(Map(exp), x)
    total = build.add(Reduce(ReduceKind.SUM, (0,)), power)
    quotient = build.add(Map(FUNCTIONS["divide"]), power, build.add(Expand((3, 3), (0,)), total))
    graph = build.graph({"y": quotient})
    point = np.random.default_rng(0).uniform(-2, 2, (3, 3))
    np.testing.assert_allclose(value_of(stabilise(graph), point), value_of(graph, point), rtol=1e-12)
