"""What grows alike goes behind an extremum: the same values and gradients, from fewer elements."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_windows import (
    Window,
    assert_same_outputs,
    biased,
    bounded,
    case_of,
    few,
    leaf,
    pooled,
    random_window,
    seeds,
    with_gradients,
)

from dslc.autodiff import differentiate
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Builder, Graph, NodeId, TensorType
from dslc.ops.contract import Contract
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, filled
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.ops.structure import Expand
from dslc.passes import BEFORE_DIFFERENTIATION, apply
from dslc.passes.extrema import extrema
from dslc.scalar import functions as f
from dslc.scalar.affine import access, identity
from dslc.scalar.types import ROWS, DType

KINDS = (ReduceKind.MAX, ReduceKind.MIN)


def shifted(build: Builder, x: NodeId, name: str, axes: tuple[int, ...], function: f.ScalarFunction) -> NodeId:
    """`x + b` or `x - b` with b along some axes."""
    shape = build.type(x).shape
    given = leaf(build, name, tuple(shape[axis] for axis in axes))
    return build.add(Map(function), x, build.add(Expand(shape, axes), given) if len(axes) < len(shape) else given)


def random_layer(draw: np.random.Generator, build: Builder, whole: bool) -> NodeId:
    """Bounds and shifts of x in any order, then an extremum over windows of it, or over some of its axes."""
    axis = random_window(draw, True)
    x = leaf(build, "x", (ROWS, axis.size, int(draw.integers(1, 4))))
    for number in range(int(draw.integers(1, 5))):
        match int(draw.integers(3)):
            case 0:
                function = (f.maximum, f.minimum)[int(draw.integers(2))]
                bound = filled(build, float(draw.choice([0.0, 0.5, -0.5])), build.type(x).shape)
                x = build.add(Map(function), *((x, bound) if draw.random() < 0.5 else (bound, x)))
            case 1:
                axes = tuple(k for k in range(3) if draw.random() < 0.5)
                x = shifted(build, x, f"b{number}", axes, (f.add, f.subtract)[int(draw.integers(2))])
            case _:
                x = biased(build, x, f"b{number}")
    kind = KINDS[int(draw.integers(2))]
    if whole:
        return build.add(Reduce(kind, tuple(k for k in (1, 2) if draw.random() < 0.7)), x)
    return pooled(build, x, [axis], kind)


@few
@given(seed=seeds, whole=st.booleans())
def test_values_and_gradients_stay(seed: int, whole: bool) -> None:
    """Gradients of what the pass made are those of what it was made of: where bounds tie, both are 0."""
    draw = np.random.default_rng(seed)
    build = Builder()
    y = random_layer(draw, build, whole)
    plain = build.graph({"y": y})
    after = extrema(plain)
    assert_same_outputs(case_of(plain, draw), after)
    graph = with_gradients(Builder(plain), y)
    assert_same_outputs(case_of(graph, draw), with_gradients(Builder(after), after.outputs["y"]))


def convolution_and_pool(kind: ReduceKind, made: Callable[[Builder, NodeId], NodeId]) -> Graph:
    build = Builder()
    x = leaf(build, "x", (ROWS, 8, 8, 3))
    return build.graph({"y": pooled(build, made(build, x), [Window(8, 4, 2, 2, 1, 0)] * 2, kind)})


def computed_shapes(graph: Graph) -> set[tuple[object, ...]]:
    """The shapes of what is computed element by element."""
    return {node.type.shape for node in graph.nodes if isinstance(node.op, Map)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", [f.maximum, f.minimum])
def test_bias_and_bound_are_those_of_the_pooled_values(kind: ReduceKind, function: f.ScalarFunction) -> None:
    graph = convolution_and_pool(kind, lambda build, x: bounded(build, biased(build, x, "b"), function))
    after = apply(graph, BEFORE_DIFFERENTIATION)
    assert computed_shapes(graph) == {(ROWS, 8, 8, 3)}
    assert computed_shapes(after) == {(ROWS, 4, 4, 3)}
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), after)


def test_what_varies_within_a_window_stays_before_it() -> None:
    build = Builder()
    x = leaf(build, "x", (ROWS, 8, 3))
    y = pooled(build, shifted(build, x, "b", (1,), f.add), [Window(8, 4, 2, 2, 1, 0)], ReduceKind.MAX)
    graph = build.graph({"y": y})
    assert computed_shapes(extrema(graph)) == {(ROWS, 8, 3)}


def test_what_is_subtracted_from_stays_before_it() -> None:
    """The greatest of `b - x` is made of the least x."""
    build = Builder()
    x = leaf(build, "x", (ROWS, 8, 3))
    bias = build.add(Expand((ROWS, 8, 3), (2,)), leaf(build, "b", (3,)))
    y = pooled(build, build.add(Map(f.subtract), bias, x), [Window(8, 4, 2, 2, 1, 0)], ReduceKind.MAX)
    graph = build.graph({"y": y})
    assert computed_shapes(extrema(graph)) == {(ROWS, 8, 3)}


@pytest.mark.parametrize("pad", [1, 2])
def test_windows_over_an_edge_read_zeros_after_the_bias(pad: int) -> None:
    """What lies outside is 0, not b: the pass leaves them."""
    build = Builder()
    x = leaf(build, "x", (ROWS, 5, 2))
    graph = build.graph({"y": pooled(build, biased(build, x, "b"), [Window(5, 5, 3, 1, 1, pad)], ReduceKind.MAX)})
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), extrema(graph))


def test_sums_are_left_alone() -> None:
    build = Builder()
    y = build.add(Reduce(ReduceKind.SUM, (1,)), biased(build, leaf(build, "x", (ROWS, 4)), "b"))
    graph = build.graph({"y": y})
    assert [node.op for node in extrema(graph).nodes] == [node.op for node in graph.nodes]


def test_the_greatest_along_a_diagonal_of_a_sum() -> None:
    """y[r, i] = max over c of x[r, c, i, i] + b[i, i]."""
    build = Builder()
    x, b = leaf(build, "x", (ROWS, 3, 4, 4)), leaf(build, "b", (4, 4))
    summed = build.add(Map(f.add), x, build.add(Expand((ROWS, 3, 4, 4), (2, 3)), b))
    extents = (ROWS, 4, 3)
    laid = build.add(Contract(extents, (access(3, 0, 2, 1, 1),), identity(3), extents), summed)
    graph = build.graph({"y": build.add(Reduce(ReduceKind.MAX, (2,)), laid)})
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), extrema(graph))


def test_the_greatest_of_bounded_whole_numbers() -> None:
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((ROWS, 4), DType.INT)))
    least = build.add(Map(f.maximum), x, filled(build, 2, (ROWS, 4), DType.INT))
    extrema(build.graph({"y": build.add(Reduce(ReduceKind.MAX, (1,)), least)}))


@few
@given(seed=seeds)
def test_a_gradient_goes_to_the_first_extremum(seed: int) -> None:
    """Of whole numbers, of which many are equal, over one to three axes in row-major order."""
    draw = np.random.default_rng(seed)
    shape = tuple(int(n) for n in draw.integers(1, 4, int(draw.integers(1, 4))))
    axes = tuple(k + 1 for k in range(len(shape)) if draw.random() < 0.7) or (1,)
    build, kind, rows = Builder(), KINDS[int(draw.integers(2))], 3
    x = leaf(build, "x", (ROWS, *shape))
    y = build.add(Reduce(kind, axes), x)
    total = build.add(Reduce(ReduceKind.SUM, tuple(range(len(build.type(y).shape)))), y)
    graph, (gradient,) = differentiate(build.graph({"total": total}), total, [x])
    values = draw.integers(0, 3, (rows, *shape)).astype(np.float64)
    sign = 1 if kind is ReduceKind.MAX else -1
    kept = [k for k in range(values.ndim) if k not in axes]
    moved = np.moveaxis(sign * values, kept, range(len(kept))).reshape(prod(values.shape[k] for k in kept), -1)
    expected = np.zeros_like(moved)
    expected[np.arange(len(moved)), moved.argmax(1)] = 1
    order = [*kept, *axes]
    back = np.moveaxis(expected.reshape([values.shape[k] for k in order]), range(len(order)), order)
    found = evaluate(graph, {x: values}, rows, [gradient])[gradient]
    np.testing.assert_array_equal(found, back)
