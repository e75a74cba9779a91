"""Windows that were written into are read: the same gradients, and no sum left where a result is written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from random_windows import (
    Window,
    assert_same_outputs,
    case_of,
    convolved,
    few,
    laid_out,
    leaf,
    pooled,
    random_window,
    seeds,
    with_gradients,
)

from dslc.graph.graph import Builder, Graph, NodeId
from dslc.ops.contract import Contract, contraction
from dslc.ops.map import Map
from dslc.ops.reduce import Reduce, ReduceKind
from dslc.passes import AFTER_DIFFERENTIATION, apply
from dslc.passes.simplify import simplify
from dslc.passes.windows import windows
from dslc.scalar import functions as f
from dslc.scalar.affine import Affine, access
from dslc.scalar.types import ROWS


def writes_into_windows(graph: Graph) -> list[Contract]:
    """Contractions that write at a sum of loops."""
    found = (node.op for node in graph.nodes if isinstance(node.op, Contract))
    return [op for op in found if any(axis.index is None for axis in op.out)]


def live(graph: Graph) -> Graph:
    return apply(graph, AFTER_DIFFERENTIATION)


def random_net(draw: np.random.Generator) -> tuple[Graph, list[Window]]:
    """One to two axes: windows summed or their greatest taken, a convolution, or a product of batch tensors.

    The axes are those that the pass promises to read along: none of a product of batch tensors.
    """
    build, axes = Builder(), [random_window(draw, bool(draw.integers(2))) for _ in range(int(draw.integers(1, 3)))]
    channels = int(draw.integers(1, 4))
    x = leaf(build, "x", (ROWS, *(axis.size for axis in axes), channels))
    match int(draw.integers(5)):
        case 0:
            y = pooled(build, x, axes, ReduceKind.SUM)
        case 1:
            y = pooled(build, build.add(Map(f.sin), x), axes, ReduceKind.MAX)
        case 2:
            y = convolved(
                build, x, axes, leaf(build, "k", (*(a.taps for a in axes), channels, int(draw.integers(1, 4))))
            )
        case 3:
            y = build.add(Map(f.tanh), laid_out(build, build.add(Map(f.sin), x), axes))
        case _:
            if len(axes) == 1:
                return with_gradients(build, autocorrelated(build, x, axes[0])), []
            y = pooled(build, x, axes, ReduceKind.MIN)
    return with_gradients(build, y), axes


def autocorrelated(build: Builder, x: NodeId, window: Window) -> NodeId:
    """y[r, i] = sum over u, c of x[r, step * i + dilation * u - pad, c] * x[r, u, c] * x[r, u, 0]."""
    channels = build.type(x).shape[-1]
    extents = (ROWS, window.places, min(window.taps, window.size), channels)
    look = Affine((0, window.step, window.dilation, 0), -window.pad)
    row, _, tap, channel = access(4, 0, 1, 2, 3)
    reads = ((row, look, channel), (row, tap, channel), (row, tap, Affine((0, 0, 0, 0))))
    return build.add(Contract(extents, reads, access(4, 0, 1), (ROWS, window.places)), x, x, x)


@few
@given(seed=seeds)
def test_values_and_gradients_stay(seed: int) -> None:
    draw = np.random.default_rng(seed)
    graph, axes = random_net(draw)
    case = case_of(graph, draw)
    for after in (windows(graph), windows(simplify(graph)), live(graph)):
        assert_same_outputs(case, after)
    if axes and all(min(axis.step, axis.dilation) == 1 for axis in axes):
        assert not writes_into_windows(live(graph))


def random_writing(draw: np.random.Generator) -> Graph:
    """y[step * i + dilation * u + start, ..] += x[i, u, ..] of any sizes, also those that lie beside one another."""
    build = Builder()
    outer, inner, extent = (int(draw.integers(1, 7)) for _ in range(3))
    step, dilation = (int(draw.integers(1, 4)), 1) if draw.random() < 0.5 else (1, int(draw.integers(1, 4)))
    start = int(draw.integers(-6, extent))
    where = (Affine((step, dilation), start),) if draw.random() < 0.8 else (Affine((step, 0), start),)
    reads, shape = (access(2, 0, 1),), (outer, inner)
    if draw.random() < 0.5:  # a second factor that sees one of the loops, or an operand that is smaller
        reads = (*reads, access(2, int(draw.integers(2))))
    inputs = [leaf(build, f"x{k}", tuple(shape[a.index or 0] for a in read)) for k, read in enumerate(reads)]
    return build.graph({"y": build.add(Contract(shape, reads, where, (extent,)), *inputs)})


@few
@given(seed=seeds)
def test_what_is_written_anywhere_is_read_from_there(seed: int) -> None:
    draw = np.random.default_rng(seed)
    graph = random_writing(draw)
    assert_same_outputs(case_of(graph, draw), windows(graph))


@pytest.mark.parametrize("start", [7, 9, 12])
def test_what_is_written_beyond_the_result_is_nowhere(start: int) -> None:
    """The gradient of `x[2 * i + 7] or 0` for x of 4 is 0."""
    build = Builder()
    x = leaf(build, "x", (3,))
    graph = build.graph({"y": build.add(Contract((3,), (access(1, 0),), (Affine((2,), start),), (4,)), x)})
    assert_same_outputs(case_of(graph, np.random.default_rng(0)), windows(graph))


def test_the_input_gradient_of_a_convolution_is_a_convolution() -> None:
    build = Builder()
    x, k = leaf(build, "x", (ROWS, 8, 8, 3)), leaf(build, "k", (3, 3, 3, 5))
    graph = with_gradients(build, convolved(build, x, [Window(8, 8, 3, 1, 1, 1)] * 2, k))
    assert writes_into_windows(graph)
    after = live(graph)
    assert not writes_into_windows(after)
    op = after.nodes[after.outputs["gradient.x"]].op
    assert isinstance(op, Contract)
    assert [to.index for to in op.out] == [0, 1, 2, 3] and op.shape == (ROWS, 8, 8, 3)


def test_windows_that_do_not_meet_are_summed_over_nothing() -> None:
    """Pooling by 2: each place has one window, so its gradient is a copy."""
    build = Builder()
    graph = with_gradients(
        build, pooled(build, leaf(build, "x", (ROWS, 8, 3)), [Window(8, 4, 2, 2, 1, 0)], ReduceKind.SUM)
    )
    for node in live(graph).nodes:
        assert not isinstance(node.op, Contract) or len(node.op.extents) == len(node.op.out)


def test_steps_and_dilations_without_a_common_measure_stay_as_they_are() -> None:
    build = Builder()
    x = leaf(build, "x", (4, 3))
    op = Contract((4, 3), (access(2, 0, 1),), (Affine((2, 3)),), (13,))
    assert windows(build.graph({"y": build.add(op, x)})).nodes[-1].op == op


def test_what_is_computed_of_a_gradient_is_computed_before_it_is_one_axis_again() -> None:
    """The map stands on quotients and remainders, and the reshape behind it."""
    build = Builder()
    x, z = leaf(build, "x", (ROWS, 4, 2, 3)), leaf(build, "z", (ROWS, 8, 3))
    out = (Affine((1, 0, 0, 0)), Affine((0, 2, 1, 0)), Affine((0, 0, 0, 1)))
    written = build.add(Contract((ROWS, 4, 2, 3), (access(4, 0, 1, 2, 3),), out, (ROWS, 8, 3)), x)
    graph = build.graph({"y": build.add(Map(f.multiply), written, z)})
    after = windows(graph)
    assert_same_outputs(case_of(graph, np.random.default_rng(1)), after)
    product = next(node for node in after.nodes if node.op == Map(f.multiply) and node.type.shape == (ROWS, 4, 2, 3))
    assert after.nodes[after.outputs["y"]].inputs == (product.id,)


def test_matrix_products_and_sums_are_left_alone() -> None:
    build = Builder()
    a, b = leaf(build, "a", (3, 4)), leaf(build, "b", (4, 5))
    c = build.add(contraction(((0, 2), (2, 1)), (0, 1), (3, 5, 4)), a, b)
    graph = build.graph({"y": build.add(Reduce(ReduceKind.SUM, (0,)), c)})
    assert [node.op for node in windows(graph).nodes] == [node.op for node in graph.nodes]
