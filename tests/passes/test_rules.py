"""Rules: every equation holds, and what must come out of a formula does."""

from __future__ import annotations

import numpy as np
import pytest

from dslc.autodiff import differentiate
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Builder, Graph, NodeId, Op, TensorType
from dslc.graph.text import formula
from dslc.graph.verify import BrokenGraph
from dslc.ops.contract import Contract, contraction
from dslc.ops.declared import DeclaredGradient
from dslc.ops.gather import Gather, ScatterAdd
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, Value, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.stop import StopGradient
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice, Transpose
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.one_hot import one_hot
from dslc.passes.pattern import Equation, Form, Hole, instance
from dslc.passes.powers import PRODUCTS
from dslc.passes.prune import prune
from dslc.passes.settle import settle
from dslc.passes.share import share
from dslc.passes.simplify import ALGEBRA, simplify
from dslc.passes.stabilise import FORMULAS
from dslc.scalar.functions import Operand, Term, exp, log, maximum, multiply, where
from dslc.scalar.types import ROWS, DType, Shape

REAL, INT, BOOL = DType.REAL, DType.INT, DType.BOOL
EQUATIONS = (*ALGEBRA, *FORMULAS, *PRODUCTS)


def holes(of: Operand) -> set[str]:
    match of:
        case Hole(name):
            return {name}
        case Form(_, arguments):
            return set().union(*map(holes, arguments))
        case _:
            return set()


def show(of: Operand) -> str:
    match of:
        case Hole(name):
            return name
        case Form(function, arguments):
            return function.notation.fill([(show(a), 0 if isinstance(a, Form) else 100) for a in arguments])[0]
        case _:
            return str(of)


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda e: show(e[0]))
def test_both_sides_of_an_equation_are_equal(equation: Equation) -> None:
    left, right = equation
    assert holes(right) <= holes(left)
    draw = np.random.default_rng(0)
    for _ in range(10):
        build, given = Builder(), {}
        bound = {}
        for name in sorted(holes(left)):
            condition = name == "c" or "not (not" in show(left)
            bound[name] = build.add(Leaf(LeafRole.INPUT, name, TensorType((4,), BOOL if condition else REAL)))
            given[bound[name]] = draw.random(4) < 0.5 if condition else draw.uniform(0.1, 2, 4)
        type = build.type(next(iter(bound.values())))
        sides = [instance(build, side, bound, type) for side in (left, right)]
        values = evaluate(build.graph({}), given, 1, sides)
        np.testing.assert_allclose(*(np.asarray(values[side], np.float64) for side in sides), rtol=1e-12, atol=1e-12)


class Workshop:
    """Leaves x, y, z of shape [rows, 3], a scalar s, and what simplification makes of a formula over them."""

    def __init__(self) -> None:
        self.build = Builder()
        self.x, self.y, self.z = (self.leaf(name, (ROWS, 3)) for name in "xyz")
        self.s = self.leaf("s", ())

    def leaf(self, name: str, shape: Shape, dtype: DType = REAL) -> Value:
        return Value(self.build, self.build.add(Leaf(LeafRole.INPUT, name, TensorType(shape, dtype))))

    def spread(self, value: Value) -> Value:
        return self.op(Expand((ROWS, 3), ()), value)

    def op(self, op: Op, *inputs: Value) -> Value:
        return Value(self.build, self.build.add(op, *(value.node for value in inputs)))

    def simplified(self, of: Term) -> Graph:
        assert isinstance(of, Value)
        return simplify(self.build.graph({"y": of.node}))

    def text(self, of: Term) -> str:
        graph = self.simplified(of)
        return formula(graph, graph.outputs["y"])

    def ops(self, of: Term) -> list[str]:
        return [node.op.to_text() for node in self.simplified(of).nodes if node.inputs]


def test_formulas_become_simpler() -> None:
    w = Workshop()
    x, y, z = w.x, w.y, w.z
    assert w.text(x * 1.0 + 0.0) == "x"
    assert w.text(0.0 - (0.0 - x)) == "x"
    assert w.text(x * 0.0 + y) == "y"
    assert w.text(x + -y) == "x - y"
    assert w.text((-x) * y - z * -1.0) == "z - x * y"
    assert w.text(2.0 * (x * 3.0) / 4.0) == "1.5 * x"
    assert w.text(x + x + x) == "3 * x"
    assert w.text(x**1.0 + y**0.0) == "x + 1"
    assert w.text(where(x > y, z, z)) == "z"
    assert w.text(where(x > y, z, 0.0) * 2.0 + where(x > y, 0.0, y)) == "where(x > y, z * 2, y)"
    assert w.text(maximum(x, x)) == "x"
    assert w.text(log(exp(x))) == "x"


def test_constants_are_folded() -> None:
    w = Workshop()
    two = Value(w.build, filled(w.build, 2.0, (ROWS, 3)))
    assert w.text(exp(log(two * 3.0)) + 1.0) == "7"
    assert w.text(where(two > 1.0, w.x, w.y)) == "x"
    assert w.text(where(two < 1.0, w.x, w.y)) == "y"
    assert w.text(two * 3.0 * w.x) == "6 * x"


def test_what_is_repeated_is_computed_once() -> None:
    w = Workshop()
    once = w.simplified(exp(w.spread(w.s)) * 2.0 + w.x)
    assert [str(node.type) for node in once.nodes if node.op == Map(exp)] == ["[] real"]
    assert w.ops(w.op(Reduce(ReduceKind.SUM, (1,)), w.spread(w.s) * w.x)).count("reduce sum over 1") == 1
    assert w.text(w.op(Reduce(ReduceKind.SUM, (1,)), w.spread(w.s))) == "s * 3"
    assert w.text(w.op(Reduce(ReduceKind.MAX, (0, 1)), w.spread(w.s))) == "s"
    assert w.ops(w.op(Reduce(ReduceKind.SUM, (0,)), w.op(Expand((ROWS,), ()), w.s))) == [
        "expand to [rows]",
        "reduce sum over 0",
    ]


def test_chains_of_shapes_become_one() -> None:
    w = Workshop()
    t = w.op(Transpose((1, 0)), w.x)
    assert w.ops(w.op(Transpose((1, 0)), t)) == []
    assert w.ops(w.op(Reshape((ROWS, 3)), w.op(Reshape((ROWS, 1, 3)), w.x))) == []
    assert w.ops(w.op(Expand((2, ROWS, 3), (1, 2)), w.op(Expand((ROWS, 3), ()), w.s))) == ["expand to [2, rows, 3]"]
    assert w.ops(w.op(Slice((0, 0), (ROWS, 3), (1, 1)), w.x)) == []
    assert w.ops(w.op(Pad((0, 0), (0, 0)), w.x)) == []
    assert w.ops(w.op(Concat(1), w.x)) == []
    assert w.ops(w.op(Slice((0, 1), (ROWS, 2), (1, 1)), w.spread(w.s))) == ["expand to [rows, 1]"]
    total = w.op(Reduce(ReduceKind.SUM, (0,)), w.op(Reduce(ReduceKind.SUM, (1,)), w.x))
    assert w.ops(total) == ["reduce sum over 0, 1"]
    assert w.ops(w.op(Transpose((1, 0)), w.op(Expand((ROWS, 3), (1,)), w.leaf("v", (3,))))) == [
        "expand to [3, rows] at 0"
    ]


def test_a_contraction_of_one_operand_is_a_sum() -> None:
    w = Workshop()
    assert w.ops(w.op(contraction(((0, 1),), (1,), (ROWS, 3)), w.x)) == ["reduce sum over 0"]
    assert w.ops(w.op(contraction(((0, 1),), (1, 0), (ROWS, 3)), w.x)) == ["transpose to 1, 0"]
    assert w.ops(w.op(contraction(((0, 1),), (0, 2), (ROWS, 3, 4)), w.x)) == [
        "reduce sum over 1",
        "expand to [rows, 4] at 0",
    ]


def test_a_contraction_reads_through_a_transpose() -> None:
    w = Workshop()
    t = w.op(Transpose((1, 0)), w.x)
    product = w.simplified(w.op(contraction(((2, 0), (2, 1)), (0, 1), (ROWS, 3, 3)), t, w.leaf("m", (3, 3))))
    (node,) = [node for node in product.nodes if isinstance(node.op, Contract)]
    assert node.op.to_text() == "contract [i0, i2] [i2, i1] -> [i0, i1] over rows, 3, 3"


def cross_entropy() -> tuple[Graph, NodeId]:
    """The mean over the rows of log sum exp z - z[t], with z = logits."""
    build = Builder()
    z = build.add(Leaf(LeafRole.INPUT, "z", TensorType((ROWS, 10))))
    t = build.add(Leaf(LeafRole.TARGET, "t", TensorType((ROWS,), INT)))
    rows = build.add(Leaf(LeafRole.CLOCK, "rows", TensorType(())))
    total = build.add(Reduce(ReduceKind.SUM, (1,)), build.add(Map(exp), z))
    loss = Value(build, build.add(Map(log), total)) - Value(build, build.add(Gather(1), z, t))
    assert isinstance(loss, Value)
    mean = Value(build, build.add(Reduce(ReduceKind.SUM, (0,)), loss.node)) / Value(build, rows)
    assert isinstance(mean, Value)
    return build.graph({"loss": mean.node}), z


def test_the_backward_of_softmax_with_cross_entropy_is_maps_only() -> None:
    graph, _ = cross_entropy()
    graph = apply(graph, BEFORE_DIFFERENTIATION)
    (z,) = [node.id for node in graph.nodes if node.op.key == "input z"]
    differentiated, (gradient,) = differentiate(graph, graph.outputs["loss"], [z])
    whole = apply(differentiated.with_outputs(gradient=gradient), AFTER_DIFFERENTIATION)
    forward = apply(graph, AFTER_DIFFERENTIATION)
    known = {node.op.to_text() for node in forward.nodes}
    added = [node for node in whole.nodes if node.op.to_text() not in known]
    assert {type(node.op).__name__ for node in added} <= {"Map", "Expand", "Constant", "Iota"}
    for kind in (Reduce, Contract, ScatterAdd, Gather):
        assert sum(isinstance(n.op, kind) for n in whole.nodes) == sum(isinstance(n.op, kind) for n in forward.nodes)
    draw = np.random.default_rng(0)
    x, t = draw.normal(size=(5, 10)), draw.integers(0, 10, 5)
    leaves = {"input z": x, "target t": t, "clock rows": np.array(5.0)}
    given = {node.id: leaves[node.op.key] for node in whole.nodes if node.op.key in leaves}
    found = evaluate(whole, given, 5, [whole.outputs["gradient"]])[whole.outputs["gradient"]]
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    np.testing.assert_allclose(found, (p - np.eye(10)[t]) / 5, rtol=1e-12)


def test_a_scatter_of_one_index_per_row_is_a_map() -> None:
    w = Workshop()
    t, g = w.leaf("t", (ROWS,), INT), w.leaf("g", (ROWS, 2))
    scatter = w.op(ScatterAdd(1, (ROWS, 5, 2)), t, g)
    graph = w.build.graph({"y": scatter.node})
    after = one_hot(graph)
    assert not any(isinstance(node.op, ScatterAdd) for node in after.nodes)
    given = {t.node: np.array([4, 0, 2]), g.node: np.arange(6.0).reshape(3, 2)}
    by_key = {graph.nodes[node].op.key: value for node, value in given.items()}
    leaves = {node.id: by_key[node.op.key] for node in after.nodes if node.op.key in by_key}
    expected = evaluate(graph, given, 3, [scatter.node])[scatter.node]
    assert np.array_equal(evaluate(after, leaves, 3, [after.outputs["y"]])[after.outputs["y"]], expected)


def test_a_scatter_of_several_indices_per_row_stays() -> None:
    w = Workshop()
    t, g = w.leaf("t", (ROWS, 4), INT), w.leaf("g", (ROWS, 4, 2))
    graph = w.build.graph({"y": w.op(ScatterAdd(1, (ROWS, 5, 2)), t, g).node})
    assert any(isinstance(node.op, ScatterAdd) for node in one_hot(graph).nodes)


def test_equal_values_are_computed_once_and_dead_ones_not_at_all() -> None:
    w = Workshop()
    twice = w.x * w.y + w.y * w.x
    exp(w.z)
    assert isinstance(twice, Value)
    graph = w.build.graph({"y": twice.node})
    assert sum(node.op == Map(multiply) for node in share(graph).nodes) == 1
    assert [node.op.key for node in prune(graph).nodes if node.op.key] == ["input x", "input y"]


def test_zeros_of_either_sign_are_different_values() -> None:
    w = Workshop()
    pair = w.op(Concat(0), *(w.op(Reshape((1,)), Value(w.build, filled(w.build, zero, ()))) for zero in (0.0, -0.0)))
    graph = share(w.build.graph({"y": pair.node}))
    (value,) = evaluate(graph, {}, 1, [graph.outputs["y"]]).values()
    assert np.signbit(value).tolist() == [False, True]


def test_settling_leaves_values_and_no_placeholders() -> None:
    w = Workshop()
    g = w.op(Leaf(LeafRole.GRADIENT, "grad", TensorType((ROWS, 3))))
    held = w.op(StopGradient(), w.op(DeclaredGradient(), w.x, g, w.y, g))
    graph = settle(w.build.graph({"y": held.node}))
    assert [node.op.key for node in graph.nodes] == ["input x"]


def test_a_pass_that_breaks_a_graph_is_named() -> None:
    def breaking(graph: Graph) -> Graph:
        return Graph(graph.nodes, {"y": len(graph.nodes)})

    with pytest.raises(BrokenGraph, match="after breaking"):
        apply(Workshop().build.graph({}), (breaking,))


def test_a_long_chain_of_factors_leaves_a_sum() -> None:
    w = Workshop()
    product: Term = w.x
    for _ in range(2000):
        product = product * w.spread(w.s)
    assert isinstance(product, Value)
    after = w.simplified(w.op(Reduce(ReduceKind.SUM, (0, 1)), product))
    assert {str(node.type) for node in after.nodes if isinstance(node.op, Map)} == {"[] real"}
