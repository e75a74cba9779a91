"""The batch is last where windows slide: the same outputs in their own shapes, and windows read and written so."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from random_windows import (
    Window,
    assert_same_outputs,
    biased,
    bounded,
    case_of,
    convolved,
    few,
    leaf,
    pooled,
    random_window,
    seeds,
    with_gradients,
)

from dslc.graph.graph import Builder, Graph, Node, NodeId, TensorType
from dslc.ops.contract import Contract, matmul
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.ops.map import Map
from dslc.ops.reduce import Argmax, ReduceKind
from dslc.ops.structure import Concat, Expand, Pad, Reshape, Slice
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.fuse import fuse
from dslc.passes.rows_last import rows_last
from dslc.scalar import functions as f
from dslc.scalar.types import ROWS, DType


def fused(graph: Graph) -> Graph:
    return fuse(apply(graph, AFTER_DIFFERENTIATION))


def sliding(graph: Graph) -> list[Node]:
    """The contractions of windows with something else, row by row."""
    found = (node for node in graph.nodes if isinstance(node.op, Contract) and not node.op.plain)
    return [
        node for node in found if isinstance(node.op, Contract) and len(node.inputs) > 1 and ROWS in node.op.extents
    ]


def random_step(build: Builder, draw: np.random.Generator, x: NodeId, number: int) -> NodeId:
    """What nets do with [rows, n, c]: a convolution, pooling, a bias, a bound, padding, a part, two side by side."""
    _, size, channels = build.type(x).shape
    assert isinstance(size, int) and isinstance(channels, int)
    match int(draw.integers(7)):
        case 0 | 1:
            axis = random_window(draw, bool(draw.integers(2)))
            axis = Window(size, axis.places, axis.taps, axis.step, axis.dilation, axis.pad)
            filters = int(draw.integers(1, 4))
            return convolved(build, x, [axis], leaf(build, f"k{number}", (axis.taps, channels, filters)))
        case 2 if size >= 2:
            return pooled(build, x, [Window(size, size // 2, 2, 2, 1, 0)], ReduceKind.MAX)
        case 3:
            return bounded(build, biased(build, x, f"b{number}"))
        case 4:
            return build.add(Pad((0, 1, 0), (0, 0, 1)), build.add(Map(f.tanh), x))
        case 5:
            return build.add(Concat(1), x, build.add(Map(f.sin), x))
        case _:
            cut = build.add(Slice((0, size // 2, 0), (ROWS, size, channels), (1, 1, 1)), x)
            return build.add(Map(f.sin), cut)


def random_net(draw: np.random.Generator) -> Graph:
    """A few such steps, perhaps flattened and multiplied by a matrix, and their gradients."""
    build = Builder()
    x = leaf(build, "x", (ROWS, int(draw.integers(2, 7)), int(draw.integers(1, 4))))
    for number in range(int(draw.integers(2, 6))):
        x = random_step(build, draw, x, number)
    if draw.random() < 0.5:
        _, size, channels = build.type(x).shape
        assert isinstance(size, int) and isinstance(channels, int)
        flat = build.add(Reshape((ROWS, size * channels)), x)
        x = build.add(
            matmul((ROWS, size * channels), (size * channels, 3)), flat, leaf(build, "w", (size * channels, 3))
        )
    return with_gradients(build, x)


@few
@given(seed=seeds)
def test_outputs_stay(seed: int) -> None:
    draw = np.random.default_rng(seed)
    graph = fused(random_net(draw))
    assert_same_outputs(case_of(graph, draw), rows_last(graph))


@few
@given(seed=seeds)
def test_all_passes_together_keep_outputs(seed: int) -> None:
    draw = np.random.default_rng(seed)
    graph = random_net(draw)
    assert_same_outputs(case_of(graph, draw), rows_last(fused(graph)))


@few
@given(seed=seeds)
def test_windows_have_the_batch_last(seed: int) -> None:
    after = rows_last(fused(random_net(np.random.default_rng(seed))))
    for node in sliding(after):
        for k in node.inputs:
            assert ROWS not in after.type(k).shape[:-1] or after.type(k).shape == (ROWS,)


def small_net() -> Graph:
    build = Builder()
    x, k = leaf(build, "x", (ROWS, 8, 8, 1)), leaf(build, "k", (3, 3, 1, 4))
    y = pooled(build, bounded(build, biased(build, convolved(build, x, [Window(8, 8, 3, 1, 1, 1)] * 2, k), "b")),
               [Window(8, 4, 2, 2, 1, 0)] * 2, ReduceKind.MAX)  # fmt: skip
    flat = build.add(Reshape((ROWS, 64)), y)
    return with_gradients(build, build.add(matmul((ROWS, 64), (64, 3)), flat, leaf(build, "w", (64, 3))))


def test_a_convolution_with_its_gradients() -> None:
    """One copy turns the input; the result of the matrix product and the weights' gradients are as they were."""
    graph = fused(apply(small_net(), BEFORE_DIFFERENTIATION))
    after = rows_last(graph)
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), after)
    shapes = {node.type.shape for node in sliding(after)}
    assert (8, 8, 4, ROWS) in shapes and (3, 3, 1, 4) in shapes
    assert after.type(after.outputs["y"]).shape == (ROWS, 3)
    assert after.type(after.outputs["gradient.x"]).shape == (ROWS, 8, 8, 1)


def test_graphs_without_windows_are_as_they_were() -> None:
    build = Builder()
    x, w = leaf(build, "x", (ROWS, 4)), leaf(build, "w", (4, 3))
    graph = fused(with_gradients(build, build.add(Map(f.tanh), build.add(matmul((ROWS, 4), (4, 3)), x, w))))
    assert rows_last(graph) is graph


def test_an_argmax_counts_in_its_order() -> None:
    build = Builder()
    x, k = leaf(build, "x", (ROWS, 7, 2)), leaf(build, "k", (3, 2, 5))
    y = convolved(build, x, [Window(7, 7, 3, 1, 1, 1)], k)
    graph = fused(build.graph({"places": build.add(Argmax(1), y), "filters": build.add(Argmax(2), y)}))
    after = rows_last(graph)
    assert any(isinstance(node.op, Loop) for node in after.nodes)
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), after)


def test_a_scatter_beside_windows_keeps_its_shape() -> None:
    build = Builder()
    x, k = leaf(build, "x", (ROWS, 5, 1)), leaf(build, "k", (3, 1, 1))
    index = build.add(Leaf(LeafRole.TARGET, "index", TensorType((ROWS, 2), DType.INT)))
    scattered = build.add(ScatterAdd(1, (ROWS, 5)), index, leaf(build, "v", (ROWS, 2)))
    y = convolved(build, x, [Window(5, 5, 3, 1, 1, 1)], k)
    total = build.add(Map(f.add), y, build.add(Expand((ROWS, 5, 1), (0, 1)), scattered))
    graph = fuse(build.graph({"y": total}))
    rows_last(graph)
